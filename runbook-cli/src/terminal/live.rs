//! A run while it goes on: drawn in place on a terminal, with a permanent line for every step that
//! has ended; elsewhere a line an event. Must not know what any event leads to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use runbook_core::report::{Reporter, Stream};
use runbook_core::run::{AttemptId, Record};

use super::event_line;
use super::picture::{self, Heading};
use super::progress::Progress;
use super::shell::Shell;
use crate::cli::OutputForm;

/// How often a second the picture may be drawn.
const HERTZ: u8 = 8;

/// How a run is shown while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// In place.
    Picture,
    /// A line an event.
    Lines {
        /// Every probe too.
        verbose: bool,
    },
    /// Not at all.
    Nothing,
}

/// The display of a run. Clones are the same display.
#[derive(Clone, Debug)]
pub(crate) struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shell: Arc<Shell>,
    form: Form,
    output: OutputForm,
    zone: TimeZone,
    heading: Heading,
    /// Whether steps that ended leave a line behind.
    permanent: bool,
    bar: ProgressBar,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    heard: Instant,
    pauses: usize,
}

/// While it lives nothing is drawn in place: something else has the screen.
#[derive(Debug)]
pub(crate) struct Pause<'a>(&'a Live);

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.state().pauses -= 1;
        self.0.redraw();
    }
}

impl Live {
    /// A display that has shown nothing yet.
    pub(crate) fn new(
        shell: Arc<Shell>,
        form: Form,
        output: OutputForm,
        heading: Heading,
        permanent: bool,
    ) -> Self {
        let target = match form {
            Form::Picture => ProgressDrawTarget::stderr_with_hz(HERTZ),
            Form::Lines { .. } | Form::Nothing => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::with_template("{msg}").expect("the template is a literal"));
        let state = State { progress: Progress::default(), heard: Instant::now(), pauses: 0 };
        let zone = TimeZone::system();
        let state = Mutex::new(state);
        Self(Arc::new(Inner { shell, form, output, zone, heading, permanent, bar, state }))
    }

    /// Takes in what was recorded before this process, without showing it again.
    pub(crate) fn catch_up(&self, records: &[Record]) {
        let mut state = self.state();
        records.iter().for_each(|record| state.progress.observe(record));
    }

    /// Takes the screen until the pause is dropped.
    pub(crate) fn pause(&self) -> Pause<'_> {
        self.state().pauses += 1;
        self.clear();
        Pause(self)
    }

    /// Looks at where the run stands.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Progress) -> T) -> T {
        at(&self.state().progress)
    }

    /// Draws the passing of time.
    pub(crate) fn redraw(&self) {
        let state = self.state();
        if self.0.form != Form::Picture || state.pauses > 0 {
            return;
        }
        let elapsed = state.progress.elapsed + state.heard.elapsed();
        let drawn = picture::draw(&self.0.heading, &state.progress, elapsed);
        self.0.bar.set_message(self.coloured(drawn));
        self.0.bar.tick();
    }

    /// Takes the picture away for good.
    pub(crate) fn close(&self) {
        self.state().pauses += 1;
        self.clear();
    }

    fn clear(&self) {
        if self.0.form == Form::Picture {
            // a bar without a message takes no line; what was drawn is taken away
            self.0.bar.set_message("");
            self.0.bar.tick();
            self.0.bar.suspend(|| {});
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn coloured(&self, text: String) -> String {
        if self.0.shell.is_coloured() {
            text
        } else {
            anstream::adapter::strip_str(&text).to_string()
        }
    }

    fn tell(&self, record: &Record) {
        match self.0.form {
            Form::Picture => {
                let ended = self
                    .0
                    .permanent
                    .then(|| picture::permanent(&record.fact, &self.state().progress));
                if let Some(line) = ended.flatten() {
                    self.0.bar.suspend(|| self.0.shell.err(&line));
                }
                self.redraw();
            }
            Form::Lines { verbose } => {
                if let Some(line) = event_line::draw(record, &self.0.zone, verbose) {
                    self.0.shell.err(&line);
                }
            }
            Form::Nothing => {}
        }
    }
}

impl Reporter for Live {
    fn observe(&mut self, record: &Record) {
        {
            let mut state = self.state();
            state.progress.observe(record);
            state.heard = Instant::now();
        }
        if self.0.output == OutputForm::Jsonl {
            let line = serde_json::to_string(record).expect("a record is written as JSON");
            self.0.shell.out(&(line + "\n"));
        }
        self.tell(record);
    }

    fn output(&mut self, attempt: &AttemptId, stream: Stream, chunk: &[u8]) {
        self.state().progress.output(attempt, stream, chunk);
    }
}

//! How whoever embeds the engine asks a run to stop. Knows nothing of signals: they are theirs.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::run::{Answer, Input};

/// A handle to a run. Clones are handles to the same run.
#[derive(Clone, Debug)]
pub struct Control(UnboundedSender<Input>);

impl Control {
    /// The handle, and where its words arrive.
    pub(super) fn new() -> (Self, UnboundedReceiver<Input>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    /// Asks the run to stop: `SIGINT`, `SIGTERM`, `detach`. What runs durably on a host goes on
    /// there; nothing new is sent. Of a run that has ended it asks nothing.
    pub fn stop(&self, how: impl Into<String>) {
        let _ = self.0.send(Input::StopAsked { how: how.into() });
    }

    /// Asks for a halt, as a person at the terminal does: where something runs that could be waited
    /// for, they are asked what becomes of it. Asked for again, it is [`Control::stop`].
    pub fn interrupt(&self, how: impl Into<String>) {
        let _ = self.0.send(Input::Interrupted { how: how.into(), decided: None });
    }

    /// Asks the run to stop what runs on its hosts (TERM, then KILL) and then to stop.
    pub fn kill(&self, how: impl Into<String>) {
        let decided = Some(Answer::Cancel);
        let _ = self.0.send(Input::Interrupted { how: how.into(), decided });
    }
}

//! How whoever embeds the engine asks a run to stop. Knows nothing of signals: they are theirs.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A handle to a run. Clones are handles to the same run.
#[derive(Clone, Debug)]
pub struct Control(UnboundedSender<String>);

impl Control {
    /// The handle, and where its words arrive.
    pub(super) fn new() -> (Self, UnboundedReceiver<String>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    /// Asks the run to stop: `SIGINT`, `SIGTERM`, `detach`. What runs durably on a host goes on
    /// there; nothing new is sent. Of a run that has ended it asks nothing.
    pub fn stop(&self, how: impl Into<String>) {
        let _ = self.0.send(how.into());
    }
}

//! Where complaints are noted during the walk.

use std::cell::{OnceCell, RefCell};

use crate::base::{Diagnostic, Diagnostics, Source, Span};

/// The complaints so far, and the text they are about.
pub(in crate::document) struct Notes<'a> {
    source: &'a Source,
    complaints: RefCell<Diagnostics>,
    /// The first byte of every line; made when a complaint names the first one, since a scan for
    /// each would cost the square of a file in which everything is wrong.
    lines: OnceCell<Vec<usize>>,
}

impl<'a> Notes<'a> {
    pub(in crate::document) const fn new(source: &'a Source) -> Self {
        Self { source, complaints: RefCell::new(Diagnostics::new()), lines: OnceCell::new() }
    }

    pub(in crate::document) fn add(&self, complaint: Diagnostic) {
        self.complaints.borrow_mut().push(complaint);
    }

    pub(in crate::document) fn into_complaints(self) -> Diagnostics {
        self.complaints.into_inner()
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, span: Span) -> usize {
        let lines = self.lines.get_or_init(|| {
            let ends = self.source.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).collect()
        });
        lines.partition_point(|start| *start <= span.start)
    }

    /// The text of a place.
    pub(super) fn text(&self, span: Span) -> &'a str {
        self.source.text.get(span.start..span.end).unwrap_or_default()
    }
}

//! Where complaints are noted during the walk.

use std::cell::RefCell;

use crate::base::{Diagnostic, Diagnostics, Source, Span};

/// The complaints so far, and the text they are about.
pub(in crate::document) struct Notes<'a> {
    source: &'a Source,
    complaints: RefCell<Diagnostics>,
}

impl<'a> Notes<'a> {
    pub(in crate::document) const fn new(source: &'a Source) -> Self {
        Self { source, complaints: RefCell::new(Diagnostics::new()) }
    }

    pub(in crate::document) fn add(&self, complaint: Diagnostic) {
        self.complaints.borrow_mut().push(complaint);
    }

    pub(in crate::document) fn into_complaints(self) -> Diagnostics {
        self.complaints.into_inner()
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, span: Span) -> usize {
        self.source.line_column(span.start).0
    }

    /// The text of a place.
    pub(super) fn text(&self, span: Span) -> &'a str {
        self.source.text.get(span.start..span.end).unwrap_or_default()
    }
}

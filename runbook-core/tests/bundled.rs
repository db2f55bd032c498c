//! The bundled runbooks are valid and need no excuse: neither an error nor a warning.

#![expect(clippy::disallowed_methods, reason = "the runbooks are files")]

use std::path::PathBuf;

use runbook_core::base::Source;
use runbook_core::document::RunbookDocument;
use runbook_core::runbook::Runbook;

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../runbooks");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of bundled runbooks")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

#[test]
fn every_bundled_runbook_is_valid_without_a_warning() {
    let mut complaints = Vec::new();
    let files = files();
    assert!(files.len() >= 2, "{files:?}");
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let source = Source::new(path.display().to_string(), text);
        let parsed = RunbookDocument::parse(source);
        let (runbook, diagnostics) = Runbook::validate(&parsed, &name);
        for complaint in parsed.diagnostics.iter().chain(diagnostics.iter()) {
            let place = complaint
                .primary
                .as_ref()
                .map_or((0, 0), |p| parsed.source.line_column(p.span.start));
            complaints.push(format!("{name}:{place:?} {complaint} {:?}", complaint.help));
        }
        assert!(runbook.is_some() || !complaints.is_empty(), "{name} is refused in silence");
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

//! `invisible-character`: what a reviewer sees must be what runs ("Trojan Source", CVE-2021-42574).

use crate::base::Span;
use crate::runbook::validate::Validation;

/// No character of the file is invisible or turns the text around.
pub(super) fn characters(validation: &Validation<'_>) {
    if validation.source.text.is_ascii() {
        return;
    }
    for (at, character) in validation.source.text.char_indices() {
        if !is_invisible(character) {
            continue;
        }
        let message = format!("U+{:04X} cannot be seen here", u32::from(character));
        let place = Span::new(at, at + character.len_utf8());
        let complaint = validation.complaint("invisible-character", message).at(place, "");
        let help = "remove it; where it is meant, write it as an escape in a string with `\"`";
        validation.report(None, complaint.help(help));
    }
}

fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

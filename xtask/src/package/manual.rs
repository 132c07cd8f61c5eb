//! Manual pages of the description of the command line, one for each command.

use anyhow::Result;
use clap::Command;
use clap_mangen::Man;

use super::names::VERSION;

/// The section of the commands' pages: programs for the administrator.
const SECTION: &str = "8";

/// What the pages of gapboot end with, besides the commands.
const ELSEWHERE: &str = ".BR bootloader_emu (1),\n.BR gapboot.state (5),\n\
     .I /usr/share/doc/gapboot/docs\n";

/// The names and texts of all pages: `gapboot.8`, `gapboot-install.8`, ...
pub(super) fn of_commands(program: &Command, date: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut pages = Vec::new();
    add(program, None, date, &mut pages)?;
    Ok(pages)
}

/// Adds the page of a command, and those of its commands.
fn add(
    command: &Command,
    above: Option<&str>,
    date: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> Result<()> {
    let name = match above {
        Some(above) => format!("{above}-{}", command.get_name()),
        None => command.get_name().to_owned(),
    };
    let below: Vec<&Command> = command
        .get_subcommands()
        .filter(|below| below.get_name() != "help")
        .collect();
    pages.push((
        format!("{name}.{SECTION}"),
        page(command, &name, above, &below, date)?,
    ));
    for command in below {
        add(command, Some(&name), date, pages)?;
    }
    Ok(())
}

fn page(
    command: &Command,
    name: &str,
    above: Option<&str>,
    below: &[&Command],
    date: &str,
) -> Result<Vec<u8>> {
    let man = Man::new(command.clone())
        .title(name)
        .section(SECTION)
        .date(date)
        .source(format!("gapboot {VERSION}"))
        .manual("gapboot");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    let about = escape(about.trim_end_matches('.'));
    page.extend(format!(".SH NAME\n{} \\- {about}\n", escape(name)).bytes());
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if !below.is_empty() {
        page.extend(b".SH COMMANDS\n");
    }
    for command in below {
        let about = command.get_about().map(ToString::to_string);
        let about = escape(&about.unwrap_or_default());
        let below = escape(&format!("{name}-{}", command.get_name()));
        page.extend(format!(".TP\n.BR {below} ({SECTION})\n{about}\n").bytes());
    }
    if let Some(text) = command.get_after_help() {
        page.extend(sections(&text.to_string()).bytes());
    }
    let above = above.map(|above| format!(".BR {} ({SECTION}),\n", escape(above)));
    page.extend(format!(".SH SEE ALSO\n{}{ELSEWHERE}", above.unwrap_or_default()).bytes());
    Ok(page)
}

/// The text after the options as sections. A paragraph is prose, or a heading with lines that
/// stay as they are, or `Exit status:` and prose.
fn sections(text: &str) -> String {
    let mut all = String::new();
    let mut notes = false;
    for paragraph in text.split("\n\n") {
        let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let is_list = first.ends_with(':') && rest.starts_with("  ");
        if let Some(status) = paragraph.strip_prefix("Exit status: ") {
            all += &format!(".SH EXIT STATUS\n{}\n", escape(status));
        } else if is_list {
            let heading = first.trim_end_matches(':').to_uppercase();
            all += &format!(".SH {}\n.nf\n{}\n.fi\n", escape(&heading), escape(rest));
            notes = false;
        } else if notes {
            all += &format!(".PP\n{}\n", escape(paragraph));
        } else {
            all += &format!(".SH NOTES\n{}\n", escape(paragraph));
            notes = true;
        }
    }
    all
}

/// Text for troff, in which a backslash, a hyphen, and a dot or quote at the start of a line
/// mean something.
fn escape(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        match line.starts_with(['.', '\'']) {
            true => format!("\\&{line}"),
            false => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_a_text() {
        let text = "One\n.two\n\nVerdicts:\n  good  a-b\n\nMore \\.\n\nExit status: 0 done.";
        assert_eq!(
            sections(text),
            ".SH NOTES\nOne\n\\&.two\n.SH VERDICTS\n.nf\n  good  a\\-b\n.fi\n\
             .SH NOTES\nMore \\e.\n.SH EXIT STATUS\n0 done.\n"
        );
    }

    #[test]
    fn every_command_has_a_page() {
        let pages = of_commands(&cli::command(), "2026-12-01").unwrap();
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "gapboot.8",
            "gapboot-install.8",
            "gapboot-uki-build.8",
            "gapboot-update.8",
        ] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert!(!names.contains(&"gapboot-help.8"));
    }
}

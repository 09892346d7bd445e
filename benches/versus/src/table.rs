//! Runs the measurements in interleaved rounds and prints the table.

use std::{collections::BTreeMap, env, process::Command};

use crate::{
    Result,
    rows::{ROWS, Row},
};

/// The name of the column for an older build.
const BEFORE: &str = "psom before";

struct Options<'a> {
    rounds: usize,
    before: Option<&'a str>,
    rows: Vec<&'static Row>,
}

fn options<'a>(words: &[&'a str]) -> Result<Options<'a>> {
    let mut options = Options { rounds: 5, before: None, rows: Vec::new() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = || "the option needs a value".to_owned();
        match *word {
            "--rounds" => options.rounds = words.next().ok_or_else(value)?.parse()?,
            "--before" => options.before = Some(words.next().ok_or_else(value)?),
            id => {
                let row = ROWS.iter().find(|row| row.id == id);
                let known = || Vec::from_iter(ROWS.iter().map(|row| row.id)).join(", ");
                options.rows.push(row.ok_or_else(|| format!("no row {id}; rows: {}", known()))?);
            }
        }
    }
    if options.rows.is_empty() {
        options.rows = ROWS.iter().collect();
    }
    Ok(options)
}

/// Runs the rows that `words` select, and prints their table.
pub fn print(words: &[&str]) -> Result<()> {
    let options = options(words)?;
    println!("| workload | raw | peers | psom before | psom | psom/raw | psom/before | goal |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in &options.rows {
        let figures = run(row, &options)?;
        for (index, label) in row.figures.iter().enumerate() {
            println!("{}", line(label, row, index, &figures));
        }
    }
    Ok(())
}

/// The figures of each implementation, each the median of all rounds.
type Figures = BTreeMap<String, Vec<f64>>;

fn run(row: &Row, options: &Options<'_>) -> Result<Figures> {
    let program = env::current_exe()?;
    let program = program.to_string_lossy();
    let mut programs: Vec<(&str, &str, &str)> =
        row.implementations.iter().map(|name| (*name, *name, program.as_ref())).collect();
    programs.extend(options.before.map(|before| (BEFORE, "psom", before)));
    let mut rounds: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    for round in 0..options.rounds {
        // Each round begins with another implementation.
        let shift = round % programs.len();
        for (column, implementation, program) in programs[shift..].iter().chain(&programs[..shift])
        {
            let output =
                Command::new(program).args(["measure", row.id, implementation]).output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            let figures: Vec<f64> =
                text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            if !output.status.success() || figures.len() != row.figures.len() {
                let error = String::from_utf8_lossy(&output.stderr);
                eprintln!("{}, {column}: skipped: {}", row.id, error.trim());
                continue;
            }
            rounds.entry(column).or_default().push(figures);
        }
    }
    let medians = rounds.into_iter().map(|(column, rounds)| {
        let median = |index: usize| {
            let mut values: Vec<f64> = rounds.iter().map(|figures| figures[index]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        (column.to_owned(), (0..row.figures.len()).map(median).collect())
    });
    Ok(medians.collect())
}

fn line(label: &str, row: &Row, index: usize, figures: &Figures) -> String {
    let value = |column: &str| figures.get(column).map(|values| values[index]);
    let cell = |value: Option<f64>| value.map_or("—".to_owned(), shown);
    let ratio = |of: &str| match (value("psom"), value(of)) {
        (Some(ours), Some(other)) => format!("{:.2}", ours / other),
        _ => "—".to_owned(),
    };
    let peers = row.implementations.iter().filter(|name| !matches!(**name, "raw" | "psom"));
    let peers: Vec<String> = peers
        .map(|name| {
            value(name).map_or(format!("{name} skipped"), |at| format!("{name} {}", shown(at)))
        })
        .collect();
    let peers = if peers.is_empty() { "—".to_owned() } else { peers.join(", ") };
    format!(
        "| {label} | {} | {peers} | {} | {} | {} | {} | {} |",
        cell(value("raw")),
        cell(value(BEFORE)),
        cell(value("psom")),
        ratio("raw"),
        ratio(BEFORE),
        row.goals[index],
    )
}

/// Shows a figure with three significant digits.
fn shown(value: f64) -> String {
    match value {
        1_000.0.. => format!("{value:.0}"),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

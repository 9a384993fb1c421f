//! What the rules come to together, by criterion of each framework.

use walwarden_core::{
    policy::Framework,
    rules::{
        Status,
        criteria::{Criterion, OUTSIDE},
    },
};

use super::{Block, Cell, Fact, Heading, Mark, Row, Section, Table, Text, rules, words};
use crate::report::{ArrangedBy, Availability, Report};

const STATUSES: [Status; 7] = [
    Status::IntegrityFailure,
    Status::Exception,
    Status::NotEvidenced,
    Status::NotTested,
    Status::Supported,
    Status::NotOccurred,
    Status::NotApplicable,
];

/// By which frameworks the criteria are arranged, and whether Availability is in scope (`spec:report-13`).
pub(super) fn arranged(report: &Report) -> Vec<Fact> {
    let arranged = &report.arranged;
    let by = match arranged.by {
        ArrangedBy::Reader => ", as the reader asked",
        ArrangedBy::Policy => ", as the policy names them",
        ArrangedBy::Nobody => "; neither the reader nor the policy names some of them",
    };
    let names = |frameworks: &[Framework]| frameworks.iter().map(|one| one.title()).collect::<Vec<_>>().join("; ");
    let mut facts = vec![Fact::new("Frameworks", Text::plain(names(&arranged.frameworks)).and(by))];
    let left_out = arranged.left_out();
    if !left_out.is_empty() {
        facts.push(Fact::new("Left out", Text::plain(names(&left_out)).and("; the rules are the same")));
    }
    if arranged.frameworks.contains(&Framework::Soc2) {
        facts.push(Fact::new("SOC 2 Availability", Text::plain(availability(arranged.availability))));
    }
    facts
}

const fn availability(availability: Availability) -> &'static str {
    match availability {
        Availability::InScope => "in scope, as the policy says",
        Availability::NotInScope => {
            "not in scope, as the policy says: its criteria (A1) are informational and set apart. What a rule finds stays an exception."
        }
        Availability::NotStated => {
            "the policy does not say whether it is in scope; its criteria (A1) stand among the others"
        }
    }
}

/// One row for each framework: how many of its criteria came to which status.
pub(super) fn overview(report: &Report) -> [Block; 2] {
    let all = report.criteria();
    let row = |framework: Framework, informational: bool| {
        let is_of =
            |one: &&Criterion| one.framework == framework && report.arranged.is_informational(one) == informational;
        let criteria: Vec<&Criterion> = all.iter().filter(is_of).collect();
        let of = |status| criteria.iter().filter(|criterion| criterion.status == status).count();
        let said =
            STATUSES.iter().map(|status| (of(Some(*status)), status.print().1)).chain([(of(None), "without a status")]);
        let said: Vec<String> =
            said.filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")).collect();
        let title = Text::link(anchor(framework), framework.title());
        let title = if informational { title.and(": Availability (A1), informational") } else { title };
        let shown = !informational || !criteria.is_empty();
        shown.then(|| {
            Row::new(vec![
                title.into(),
                Text::plain(criteria.len().to_string()).into(),
                Text::plain(if said.is_empty() { "none".to_owned() } else { said.join(", ") }).into(),
            ])
        })
    };
    let frameworks = report.arranged.frameworks.iter();
    let rows = frameworks.flat_map(|framework| [row(*framework, false), row(*framework, true)]).flatten();
    let table = Table {
        caption: "Criteria to which a rule here speaks, by the strongest status among their rules",
        columns: vec![words::fill("Framework", 2), words::figures("Criteria"), words::fill("By status", 3)],
        rows: rows.collect(),
    };
    [Block::Facts(arranged(report)), table.or("No framework is known to this program.")]
}

/// Every criterion with its rules.
pub(super) fn section(report: &Report) -> Section {
    let mut blocks = vec![Block::plain(
        "The mapping of rules to criteria is this program's, by the ids alone. The status of a criterion is the strongest of its rules, in this order: integrity failure, exception, not evidenced, not tested, supported, not occurred, not applicable. Rules named beside it are not counted: nobody promised what they ask about, or only the reader can bring what they need. A criterion asks for more than any rule here can show.",
    )];
    blocks.push(Block::Facts(arranged(report)));
    let all = report.criteria();
    for framework in report.arranged.frameworks.iter().copied() {
        blocks.push(Block::Heading(Heading { anchor: anchor(framework), text: Text::plain(framework.title()) }));
        let of = all.iter().filter(|criterion| criterion.framework == framework);
        let (apart, of): (Vec<&Criterion>, Vec<&Criterion>) =
            of.partition(|criterion| report.arranged.is_informational(criterion));
        let (counted, rest): (Vec<&Criterion>, Vec<&Criterion>) =
            of.into_iter().partition(|criterion| criterion.status.is_some());
        blocks.push(matrix(&counted).or("No rule of this version that speaks to it was counted."));
        if !apart.is_empty() {
            blocks.extend([
                Block::plain("Informational: Availability is not in scope, as the policy says. These count in no sum of criteria."),
                Block::Table(matrix(&apart)),
            ]);
        }
        if !rest.is_empty() {
            let ids: Vec<&str> = rest.iter().map(|criterion| criterion.id).collect();
            blocks.push(Block::plain(format!(
                "Not promised, or for the reader to bring, and so without a status: {}.",
                ids.join(", ")
            )));
        }
        let outside: Vec<String> =
            OUTSIDE.iter().filter(|(of, ..)| *of == framework).map(|(_, id, what)| format!("{id}, {what}")).collect();
        if !outside.is_empty() {
            blocks.push(Block::plain(format!("Outside of this tool, always not applicable: {}.", outside.join("; "))));
        }
    }
    Section::new("criteria", "Criteria", blocks)
}

fn anchor(framework: Framework) -> String {
    let word: String = framework.word().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("criteria-{word}")
}

fn matrix(criteria: &[&Criterion]) -> Table {
    let rows = criteria.iter().map(|criterion| {
        let mut cells: Vec<Cell> = vec![Text::plain(criterion.id).into()];
        cells.push(criterion.status.map_or_else(|| Cell::from(Text::plain("none")), |status| mark(status).into()));
        cells.push(named(&criterion.rules).into());
        cells.push(named(&criterion.beside).into());
        Row::new(cells)
    });
    Table {
        caption: "Criteria, with the rules counted and those beside",
        columns: vec![words::fit("Criterion"), words::fit("Status"), words::fill("Rules", 3), words::fill("Beside", 2)],
        rows: rows.collect(),
    }
}

/// Rules with the sign of their status.
fn named(told: &[(&'static str, Status)]) -> Text {
    told.iter().enumerate().fold(Text::default(), |text, (place, (id, status))| {
        let text = if place == 0 { text } else { text.and(", ") };
        let link = Text::link(rules::anchor_of(id), id);
        text.join(link).and(format!(" {}", status.print().1))
    })
}

fn mark(status: Status) -> Mark {
    let (sign, tone) = words::sign_of(status);
    Mark::new(sign, tone, status.print().1)
}

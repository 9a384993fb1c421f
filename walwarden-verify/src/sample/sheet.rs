//! A sample as it is filed: a sheet for people, a table, and JSON.

use serde::Serialize;
use walwarden_core::Digest;

use super::{Method, Sample, Size};
use crate::{render::escape, workpapers::Paper};

/// `schema` of the JSON form.
const SCHEMA: &str = "https://walwarden.dev/spec/sample/v1";

#[derive(Serialize)]
struct V1<'a> {
    schema: &'static str,
    bundle: &'a str,
    bundle_digest: Option<Digest>,
    verdict: &'static str,
    rule: &'a str,
    population_file: &'a str,
    population_sha256: Digest,
    population_items: usize,
    reference: String,
    seed: &'a str,
    method: &'static str,
    size: usize,
    size_chosen_by: &'static str,
    size_formula: String,
    items: Vec<&'a str>,
    note: &'static str,
    program: String,
}

/// What is said of every sample.
const NOTE: &str = "The reference is the auditor's, drawn after the bundle came: the organisation could not know which \
                    items it selects. Whoever holds it could have drawn again until a sample suited them.";

impl Sample {
    /// `P`: the digest of the population's bytes.
    #[must_use]
    pub fn population_sha256(&self) -> Digest {
        Digest::of(&self.population.bytes)
    }

    /// The files: the population as drawn from, the sample as a table, and as JSON.
    ///
    /// # Errors
    /// A value that has no JSON form, which none of these is.
    pub fn papers(&self) -> Result<[Paper; 3], serde_json::Error> {
        let rule = &self.request.rule;
        let population = Paper { name: format!("{rule}.csv"), bytes: self.population.bytes.clone() };
        let table = Paper { name: format!("sample_{rule}.csv"), bytes: self.table().into_bytes() };
        let json = Paper { name: format!("sample_{rule}.json"), bytes: self.json()?.into_bytes() };
        Ok([population, table, json])
    }

    /// The lines drawn, in order of the draw, under the header of the population, each with its number.
    fn table(&self) -> String {
        let text = String::from_utf8_lossy(&self.population.bytes);
        let mut out = format!("draw,{}\n", text.lines().next().unwrap_or_default());
        for (drawn, number) in self.drawn.iter().zip(1_u64..) {
            out.push_str(&format!("{number},{}\n", drawn.line));
        }
        out
    }

    fn json(&self) -> Result<String, serde_json::Error> {
        let v1 = V1 {
            schema: SCHEMA,
            bundle: &self.bundle,
            bundle_digest: self.bundle_digest,
            verdict: self.verdict,
            rule: &self.request.rule,
            population_file: &self.population.name,
            population_sha256: self.population_sha256(),
            population_items: self.items,
            reference: self.request.reference.to_string(),
            seed: &self.seed,
            method: self.request.method.word(),
            size: self.drawn.len(),
            size_chosen_by: "user",
            size_formula: self.formula(),
            items: self.drawn.iter().map(|drawn| drawn.item_id.as_str()).collect(),
            note: NOTE,
            program: self.program(),
        };
        Ok(escape::json(&serde_json::to_string_pretty(&v1)?) + "\n")
    }

    /// For people: everything that it takes to draw it again.
    #[must_use]
    pub fn text(&self) -> String {
        let visible = escape::visible_name;
        let bundle_digest = self.bundle_digest.map_or_else(|| "not established".into(), |digest| digest.to_string());
        let rule = &self.request.rule;
        let mut out = format!(
            "Sample of {rule}\n\n\
             bundle            {}\n\
             bundle digest     {bundle_digest}\n\
             verdict           {}\n\
             population        {}, {} items\n\
             P, its SHA-256    {}\n\
             REF               {}\n\
             seed              {}\n\
             method            {}\n\
             size              {}, chosen by: user ({})\n\n{NOTE}\n\nItems, in order of the draw\n\n",
            visible(&self.bundle),
            self.verdict,
            self.population.name,
            self.items,
            self.population_sha256(),
            self.request.reference,
            self.seed,
            self.request.method.word(),
            self.drawn.len(),
            self.formula(),
        );
        for (drawn, number) in self.drawn.iter().zip(1_u64..) {
            out.push_str(&format!("  {number:>4}  {}\n", visible(&drawn.item_id)));
        }
        out.push_str(&format!("\nTo draw it again, with nothing of ours: python3 draw.py {rule}.csv\n\n"));
        out.push_str(&self.program().lines().map(|line| format!("    {line}\n")).collect::<String>());
        out
    }

    /// How the size came about.
    fn formula(&self) -> String {
        match self.request.size {
            Size::Items(items) => format!("{items} as typed"),
            Size::Frequency(frequency) => format!("common practice for {}", frequency.word()),
            Size::Confidence { confidence, tolerable } => format!(
                "least n with C(N-K,n)/C(N,n) <= 1-c, N={}, K=max(1, floor(N t)), c={confidence}, t={tolerable}",
                self.items
            ),
        }
    }

    /// A program that draws the same items from the population's file.
    #[must_use]
    pub fn program(&self) -> String {
        let (reference, rule, size) = (&self.request.reference, &self.request.rule, self.drawn.len());
        let head = format!(
            "import csv, hashlib, io, sys\n\
             h = lambda text: hashlib.sha256(text.encode()).hexdigest()\n\
             data = open(sys.argv[1], \"rb\").read()\n\
             seed = h(\"walwarden-sample-v1|{reference}|{rule}|\" + hashlib.sha256(data).hexdigest())\n\
             rows = [(r[\"occurred_at\"], r[\"item_id\"]) for r in csv.DictReader(io.StringIO(data.decode(), newline=\"\"))]\n"
        );
        head + &match self.request.method {
            Method::Simple => {
                format!(
                    "print(*sorted((i for _, i in rows), key=lambda i: h(seed + \"|\" + i))[:{size}], sep=\"\\n\")\n"
                )
            }
            Method::Stratified => format!(
                "rows.sort()\n\
                 for r in range({size}):\n    \
                     size = len(rows) // {size} + (r < len(rows) % {size})\n    \
                     at = r * (len(rows) // {size}) + min(r, len(rows) % {size})\n    \
                     print(rows[at + int(h(seed + \"|\" + str(r))[:16], 16) % size][1])\n"
            ),
        }
    }
}

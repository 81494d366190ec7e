//! `coview ls`, `coview stat` and `coview sweep`: what exists, who holds it, and what the dead have left.

use std::io::{self, Write};
use std::time::UNIX_EPOCH;

use clap::Args;
use coview::{Channel, ErrorKind, Holder, Kind, Namespace, Object, State};
use serde::Serialize;

use crate::channel_facts::{CHANNEL, ChannelFacts};
use crate::failure::{DONE, Outcome};
use crate::region_facts::RegionFacts;
use crate::units::human_size;
use crate::{output, units};

const FIELDS: &str = "\
JSON fields, all of them always present: name, complete_name (false: `name` is only its beginning), namespace (local, \
global, posix), kind (mapping, mutex, event, semaphore, timer, unknown), size and memory (bytes), owner, rights, created \
(seconds since 1970), state, holders ([{pid, program}]), dead (left by killed processes; the next call that meets it \
removes it). What the system does not tell is null. state is {owned, owner, abandoned} of a mutex, {manual, signaled} \
of an event, {count, maximum} of a semaphore, {manual, signaled, due (seconds from now)} of a timer, and null otherwise.";

const REGION: &str = "\
Of stat also region: null, or what is known of the typed region in a mapping: {kind (shared, latest, latest-bytes), value_size, \
value_align, fingerprint (hexadecimal text, or null), sequence (the number of the current value), publisher (absent, \
alive, ended, died; null of a shared), deaths (writers of a shared that died while they had its lock; null of others)}. \
For this the mapping is held for a moment.";

const LS_EXAMPLES: &str = r#"Examples:
  coview ls                                       the user's own objects
  coview ls --all                                 and those of the other namespaces
  coview ls --json | jq -r '.[] | select(.dead) | .name'"#;

const STAT_EXAMPLES: &str = r#"Examples:
  coview stat penghao
  coview stat penghao --json | jq .holders
  coview stat penghao > /dev/null 2>&1 || echo it does not exist"#;

const SWEEP_EXAMPLES: &str = r#"Examples:
  coview sweep                                    prints how many objects were removed
  coview sweep --all"#;

/// List the objects that exist
#[derive(Debug, Args)]
#[command(after_help = format!("{LS_EXAMPLES}\n\n{FIELDS} {CHANNEL}"))]
pub(crate) struct Ls {
    #[command(flatten)]
    which: Which,

    /// Print a JSON array
    #[arg(long)]
    json: bool,

    /// First remove what killed processes have left
    #[arg(long)]
    sweep: bool,
}

/// Look at one object
#[derive(Debug, Args)]
#[command(after_help = format!("{STAT_EXAMPLES}\n\n{FIELDS} {CHANNEL}\n\n{REGION}"))]
pub(crate) struct Stat {
    /// Its name
    name: String,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Remove what killed processes have left behind
///
/// Nobody has to: the names are free anyway, and objects are removed in passing. This gives their memory back now.
#[derive(Debug, Args)]
#[command(after_help = SWEEP_EXAMPLES)]
pub(crate) struct Sweep {
    #[command(flatten)]
    which: Which,
}

/// Which namespaces are meant.
#[derive(Debug, Args)]
struct Which {
    /// The machine-wide names, `Global\x`
    #[arg(long)]
    global: bool,

    /// POSIX shared memory, `/x`: every object, whoever made it
    #[arg(long)]
    posix: bool,

    /// All namespaces that this system has
    #[arg(long)]
    all: bool,
}

impl Which {
    fn namespaces(&self) -> Vec<Namespace> {
        match self {
            Which { all: true, .. } => vec![Namespace::Local, Namespace::Global, Namespace::Posix],
            Which { global: true, posix: true, .. } => vec![Namespace::Global, Namespace::Posix],
            Which { global: true, .. } => vec![Namespace::Global],
            Which { posix: true, .. } => vec![Namespace::Posix],
            _ => vec![Namespace::Local],
        }
    }

    /// Asks each namespace; with --all, those that this system does not have are left out.
    fn each<T>(&self, ask: impl Fn(Namespace) -> coview::Result<T>) -> coview::Result<Vec<T>> {
        let answers = self.namespaces().into_iter().map(ask);
        let is_meant = |answer: &coview::Result<T>| {
            !self.all || !matches!(answer, Err(error) if error.kind() == ErrorKind::Unsupported)
        };
        answers.filter(is_meant).collect()
    }

    fn sweep(&self) -> coview::Result<usize> {
        Ok(self.each(coview::sweep)?.into_iter().sum())
    }
}

impl Ls {
    pub(crate) fn run(&self) -> Outcome {
        if self.sweep {
            let removed = self.which.sweep()?;
            output::say(format_args!("removed {removed} dead objects"));
        }
        let objects: Vec<Seen> = self.which.each(coview::list)?.concat().into_iter().map(Seen::new).collect();
        if self.json {
            output::json_pretty(&objects.iter().map(Row::new).collect::<Vec<_>>())?;
        } else if objects.is_empty() {
            output::say(format_args!("no objects"));
        } else {
            print_table(&objects)?;
        }
        Ok(DONE)
    }
}

impl Stat {
    pub(crate) fn run(&self) -> Outcome {
        let seen = Seen::new(coview::stat(&self.name)?);
        let region = seen.look_into(RegionFacts::of);
        if self.json {
            output::json_pretty(&StatRow { row: Row::new(&seen), region })?;
        } else {
            print_fields(&seen, region)?;
        }
        Ok(DONE)
    }
}

impl Sweep {
    pub(crate) fn run(&self) -> Outcome {
        output::line(self.which.sweep()?)?;
        Ok(DONE)
    }
}

/// An object, and what is in it.
struct Seen {
    object: Object,
    channel: Option<ChannelFacts>,
}

impl Seen {
    fn new(object: Object) -> Seen {
        let seen = Seen { object, channel: None };
        // To look into a mapping holds it for that moment, so it is not done in vain.
        let may_be = seen.object.size.is_none_or(|size| size >= Channel::SIZE_MIN);
        let channel = if may_be { seen.look_into(ChannelFacts::of) } else { None };
        Seen { channel, ..seen }
    }

    /// Looks into a mapping, if it is one that can be found by its name.
    fn look_into<T>(&self, of: impl Fn(&str) -> Option<T>) -> Option<T> {
        let Object { name, kind, dead, complete_name, .. } = &self.object;
        if *kind == Kind::Mapping && !dead && *complete_name { of(name) } else { None }
    }
}

/// An object as JSON. The field names are stable.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    complete_name: bool,
    namespace: &'static str,
    kind: String,
    size: Option<u64>,
    memory: Option<u64>,
    owner: Option<&'a str>,
    rights: Option<&'a str>,
    created: Option<f64>,
    state: Option<StateRow>,
    holders: Option<Vec<HolderRow<'a>>>,
    dead: bool,
    channel: Option<&'a ChannelFacts>,
}

/// An object that was looked into.
#[derive(Serialize)]
struct StatRow<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    region: Option<RegionFacts>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum StateRow {
    Mutex { owned: bool, owner: Option<u32>, abandoned: bool },
    Event { manual: bool, signaled: bool },
    Semaphore { count: u32, maximum: u32 },
    Timer { manual: Option<bool>, signaled: bool, due: Option<f64> },
}

#[derive(Serialize)]
struct HolderRow<'a> {
    pid: u32,
    program: &'a str,
}

impl<'a> Row<'a> {
    fn new(Seen { object, channel }: &'a Seen) -> Row<'a> {
        let holder = |holder: &'a Holder| HolderRow { pid: holder.pid, program: &holder.program };
        Row {
            name: &object.name,
            complete_name: object.complete_name,
            namespace: namespace(object.namespace),
            kind: object.kind.to_string(),
            size: object.size,
            memory: object.memory,
            owner: object.owner.as_deref(),
            rights: object.rights.as_deref(),
            created: seconds(object),
            state: StateRow::new(object.state),
            holders: object.holders.as_ref().map(|holders| holders.iter().map(holder).collect()),
            dead: object.dead,
            channel: channel.as_ref(),
        }
    }
}

impl StateRow {
    fn new(state: State) -> Option<StateRow> {
        match state {
            State::Mutex { owned, owner, abandoned } => Some(StateRow::Mutex { owned, owner, abandoned }),
            State::Event { manual, signaled } => Some(StateRow::Event { manual, signaled }),
            State::Semaphore { count, maximum } => Some(StateRow::Semaphore { count, maximum }),
            State::Timer { manual, signaled, due } => {
                Some(StateRow::Timer { manual, signaled, due: due.map(|due| due.as_secs_f64()) })
            }
            _ => None,
        }
    }
}

fn namespace(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::Local => "local",
        Namespace::Global => "global",
        Namespace::Posix => "posix",
    }
}

fn seconds(object: &Object) -> Option<f64> {
    Some(object.created?.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

fn print_table(objects: &[Seen]) -> io::Result<()> {
    const HEADER: [&str; 7] = ["NAME", "KIND", "SIZE", "OWNER", "RIGHTS", "STATE", "HOLDERS"];
    let rows: Vec<_> = objects.iter().map(cells).collect();
    output::table(&HEADER, &["SIZE"], &rows)
}

fn cells(Seen { object, channel }: &Seen) -> Vec<String> {
    vec![
        output::printable(&object.name),
        object.kind.to_string(),
        object.size.map_or_else(unknown, human_size),
        object.owner.as_deref().map_or_else(unknown, output::printable),
        object.rights.clone().unwrap_or_else(unknown),
        channel.as_ref().map_or_else(|| state(object), ChannelFacts::to_text),
        holders(object),
    ]
}

fn print_fields(Seen { object, channel }: &Seen, region: Option<RegionFacts>) -> io::Result<()> {
    let size = |bytes: u64| format!("{} ({})", units::bytes(bytes), human_size(bytes));
    let age = object.created.and_then(|created| created.elapsed().ok());
    let fields = [
        ("name", output::printable(&object.name)),
        ("namespace", namespace(object.namespace).to_owned()),
        ("kind", object.kind.to_string()),
        ("size", object.size.map_or_else(unknown, size)),
        ("memory", object.memory.map_or_else(unknown, size)),
        ("owner", object.owner.as_deref().map_or_else(unknown, output::printable)),
        ("rights", object.rights.clone().unwrap_or_else(unknown)),
        ("created", age.map_or_else(unknown, |age| format!("{} s ago", age.as_secs()))),
        ("state", state(object)),
        ("holders", holders(object)),
    ];
    let fields = fields.map(|(title, value)| (title.to_owned(), value)).into_iter();
    let region = region.map(|region| ("region".to_owned(), region.to_text()));
    let of_channel = channel.iter().flat_map(ChannelFacts::fields);
    let fields: Vec<_> = fields.chain(region).chain(of_channel).collect();
    let width = fields.iter().map(|(title, _)| title.len()).fold(10, usize::max);
    let mut out = output::stdout();
    for (title, value) in fields {
        writeln!(out, "{title:<width$} {value}")?;
    }
    out.flush()?;
    drop(out);
    channel.as_ref().map_or(Ok(()), ChannelFacts::print_ends)
}

fn unknown() -> String {
    "-".into()
}

fn state(object: &Object) -> String {
    let state = match object.state {
        State::Mutex { abandoned: true, .. } => "abandoned".into(),
        State::Mutex { owned: true, owner: Some(owner), .. } => format!("owned by thread {owner}"),
        State::Mutex { owned: true, .. } => "owned".into(),
        State::Mutex { .. } => "free".into(),
        State::Event { manual, signaled } => format!("{}, {}", signal(signaled), reset(manual)),
        State::Semaphore { count, maximum } => format!("{count} of {maximum}"),
        State::Timer { manual, signaled, due } => {
            let due = due.map(|due| format!("due in {:.1} s", due.as_secs_f64()));
            let parts = [Some(signal(signaled).to_owned()), manual.map(|manual| reset(manual).to_owned()), due];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        State::Hidden => "hidden".into(),
        _ => unknown(),
    };
    match (object.dead, object.state) {
        (false, _) => state,
        (true, State::Mapping | State::Hidden) => "dead".into(),
        (true, _) => format!("dead, {state}"),
    }
}

fn signal(signaled: bool) -> &'static str {
    if signaled { "signaled" } else { "not signaled" }
}

fn reset(manual: bool) -> &'static str {
    if manual { "manual" } else { "auto" }
}

fn holders(object: &Object) -> String {
    let Some(holders) = &object.holders else { return unknown() };
    let shown = |holder: &Holder| format!("{} {}", holder.pid, output::printable(&holder.program));
    match holders.as_slice() {
        [] => unknown(),
        holders => holders.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

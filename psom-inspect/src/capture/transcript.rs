use std::ops::Range;

use bytes::Bytes;

use super::{
    event::{Event, EventKind, Object},
    objects::{Candidate, Found},
    steps::{self, Raw, Step, Steps, sent},
    survey::{Connects, LOOKUP_METHOD, Survey},
};
use psom::{
    interface::Definition,
    session::{APPLICATION_CHANNEL, BASE_CHANNEL, Role},
    wire::{WireProxyId, operation::Operation},
};

/// Decodes captures with a list of definitions.
#[derive(Debug, Clone)]
pub struct Inspector {
    definitions: Vec<Definition>,
    sender: Option<Role>,
    other: Option<Bytes>,
}

impl Inspector {
    /// Creates an inspector for these definitions and ConnMgr. Definitions with
    /// [`Connected::ByServerFirst`](psom::interface::Connected) must be in the order in which the
    /// server connects the objects.
    pub fn new(definitions: impl IntoIterator<Item = Definition>) -> Self {
        Self { definitions: definitions.into_iter().collect(), sender: None, other: None }
    }

    /// Sets the sender. Without it, the sender is inferred from the bytes.
    #[must_use]
    pub fn sent_by(mut self, sender: Role) -> Self {
        self.sender = Some(sender);
        self
    }

    /// Adds the bytes of the other direction of the same connection, so that the types of the
    /// objects that it connects are known.
    #[must_use]
    pub fn other(mut self, bytes: impl Into<Bytes>) -> Self {
        self.other = Some(bytes.into());
        self
    }

    /// Determines the sender and the objects of a capture. Memory use is proportional to the number
    /// of objects, of which at most 65,536 are tracked.
    pub fn read(&self, bytes: impl Into<Bytes>) -> Transcript {
        let bytes = bytes.into();
        let (survey, certain) = self.survey(&bytes, self.sender, None);
        let (survey, certain) = match &self.other {
            None => (survey, certain),
            Some(other) => {
                let known = if certain { Some(survey.sender) } else { None };
                let (other, other_certain) = self.survey(other, known.map(opposite), None);
                // A certain sender of one direction determines the sender of the other.
                let sender = known.unwrap_or_else(|| opposite(other.sender));
                let (survey, _) = self.survey(&bytes, Some(sender), Some(&other));
                (survey, certain || other_certain)
            }
        };
        Transcript { bytes, survey, certain }
    }

    /// Returns the survey with the least evidence against it, and whether the sender is certain.
    fn survey(
        &self,
        bytes: &Bytes,
        sender: Option<Role>,
        other: Option<&Survey>,
    ) -> (Survey, bool) {
        let begin = steps::sender(bytes);
        let sender = sender.or(begin);
        let senders = match &sender {
            Some(sender) => std::slice::from_ref(sender),
            None => &[Role::Client, Role::Server][..],
        };
        // A capture that begins in the middle of a connection can begin on any channel. Only two
        // channels are in use.
        let channels = match begin {
            Some(_) => &[BASE_CHANNEL][..],
            None => &[BASE_CHANNEL, APPLICATION_CHANNEL],
        };
        let assume = |assumption| Survey::new(bytes, &self.definitions, assumption, other);
        let mut best = assume((senders[0], channels[0]));
        let mut next = None::<u64>;
        for (at, channel) in channels.iter().enumerate() {
            for role in &senders[usize::from(at == 0)..] {
                let survey = assume((*role, *channel));
                let (better, worse) =
                    if survey.against < best.against { (survey, best) } else { (best, survey) };
                if better.sender != worse.sender {
                    next = Some(next.map_or(worse.against, |next| next.min(worse.against)));
                }
                best = better;
            }
        }
        let certain = sender.is_some() || next.is_some_and(|next| next > best.against);
        (best, certain)
    }
}

fn opposite(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// The decoded bytes of one direction.
#[derive(Debug, Clone)]
pub struct Transcript {
    bytes: Bytes,
    survey: Survey,
    certain: bool,
}

impl Transcript {
    /// Returns the role of the sender.
    pub fn sender(&self) -> Role {
        self.survey.sender
    }

    /// Reports whether the sender is certain: given by the caller, or less contradicted by the bytes
    /// than the other side.
    pub fn is_certain(&self) -> bool {
        self.certain
    }

    /// Returns the size of the capture in bytes.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Decodes the bytes record by record.
    pub fn events(&self) -> Events<'_> {
        let steps = self.survey.steps.clone();
        Events { transcript: self, steps, connects: Connects::default() }
    }

    fn object(&self, channel: u32, id: i32) -> Object {
        let objects = &self.survey.objects;
        let part = objects.get(channel, id).and_then(|known| known.part.clone());
        let found = objects.find(channel, id);
        let (label, guessed) = match (part, found) {
            (Some(part), _) => (part, false),
            (None, Some(Found { candidate, ambiguous })) => {
                let title = objects.definition(candidate).title;
                (if id == 0 { title.into() } else { part_name(title) }, ambiguous)
            }
            (None, None) => ("object".into(), true),
        };
        Object { label, guessed, id }
    }

    /// Returns the interface and its possible versions: `PptContent 2 or 11`.
    fn interface(&self, channel: u32, id: i32) -> Option<String> {
        let objects = &self.survey.objects;
        let candidates = objects.best_candidates(channel, id);
        let Candidate { definition, .. } = objects.find(channel, id)?.candidate;
        let versions = candidates.iter().filter(|candidate| candidate.definition == definition);
        let versions: Vec<_> = versions.map(|candidate| candidate.version.to_string()).collect();
        let title = objects.definition(*candidates.first()?).title;
        Some(format!("{title} {}", versions.join(" or ")))
    }

    fn call(
        &self,
        channel: u32,
        id: i32,
        index: i8,
        range: Range<usize>,
    ) -> Result<EventKind, String> {
        let objects = &self.survey.objects;
        let object = self.object(channel, id);
        let Some(Found { candidate, .. }) = objects.find(channel, id) else {
            return Err(format!("method {index} of {object}, whose interface is unknown"));
        };
        let read = objects.arguments(candidate, index, &self.bytes, range);
        let title = objects.definition(candidate).title;
        let (method, arguments) =
            read.ok_or_else(|| format!("{title} has no method {index}, called on {object}"))?;
        let method = method.name;
        match arguments {
            Ok(arguments) => Ok(EventKind::Call { object, method, arguments }),
            Err(error) => Err(format!("{object}.{method}: {error}")),
        }
    }
}

/// Derives a part name from the title of a definition: the first letter in lower case (ruling 9).
fn part_name(title: &str) -> String {
    let mut rest = title.chars();
    let first = rest.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

/// An iterator over the events of a capture.
#[derive(Debug, Clone)]
pub struct Events<'a> {
    transcript: &'a Transcript,
    steps: Steps,
    connects: Connects,
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let Step { range, channel, raw } = self.steps.next()?;
        let on = match raw {
            Raw::Credentials(_) | Raw::Answer | Raw::SetChannel(_) => None,
            Raw::Skipped(_) | Raw::Lost(_) => None,
            Raw::Open { .. } | Raw::Operation(_) | Raw::Close | Raw::Break(_) => Some(channel),
        };
        let length = range.len();
        let kind = self.kind(channel, raw, length);
        let kind = kind.unwrap_or_else(|reason| EventKind::Undecodable { length, reason });
        Some(Event { offset: range.start, channel: on, kind })
    }
}

impl Events<'_> {
    /// Decodes a record, or returns the reason why it cannot be decoded.
    fn kind(&mut self, channel: u32, raw: Raw, length: usize) -> Result<EventKind, String> {
        let transcript = self.transcript;
        Ok(match raw {
            Raw::Credentials(credentials) => EventKind::Authentication {
                token: credentials.token,
                proxy_header: credentials.proxy_header,
            },
            Raw::Answer => EventKind::Answer,
            Raw::SetChannel(channel) => EventKind::SetChannel(channel),
            Raw::Close => EventKind::Close,
            Raw::Break(reason) => EventKind::Break(transcript.bytes[reason].to_vec()),
            Raw::Skipped(reason) => EventKind::Undecodable { length, reason },
            Raw::Lost(reason) => EventKind::Lost { length, reason },
            Raw::Open { channel, operation } => match operation
                .map_err(|error| error.to_string())?
            {
                Operation::Call { proxy, method: LOOKUP_METHOD, arguments }
                    if sent(proxy) == Some(0) =>
                {
                    let call = transcript.call(BASE_CHANNEL, 0, LOOKUP_METHOD, arguments)?;
                    match call {
                        EventKind::Call { arguments, .. } => EventKind::Open { channel, arguments },
                        other => other,
                    }
                }
                _ => return Err(format!("opening #{channel} without a lookup")),
            },
            Raw::Operation(operation) => {
                let operation = operation.map_err(|error| error.to_string())?;
                self.operation(channel, operation)?
            }
        })
    }

    fn operation(&mut self, channel: u32, operation: Operation) -> Result<EventKind, String> {
        let transcript = self.transcript;
        let id = |proxy: WireProxyId| match sent(proxy) {
            Some(id) if id != 0 && channel == BASE_CHANNEL => {
                Err(format!("channel 0 has no object except ConnMgr, so @{id} is invalid"))
            }
            Some(id) => Ok(id),
            None => Err("an invalid proxy identifier".to_owned()),
        };
        Ok(match operation {
            Operation::Call { proxy, method, arguments } => {
                transcript.call(channel, id(proxy)?, method, arguments)?
            }
            Operation::Connect { parent, hash, part } => {
                let number = self.connects.next(channel);
                if channel == BASE_CHANNEL {
                    return Err("ConnMgr has no children".into());
                }
                let parent = transcript.object(channel, id(parent)?);
                let object = Object { label: part, guessed: false, id: number };
                let interface = transcript.interface(channel, number);
                EventKind::Connect { object, parent, interface, hash }
            }
            Operation::Close { proxy } => {
                EventKind::Disconnect { object: transcript.object(channel, id(proxy)?) }
            }
        })
    }
}

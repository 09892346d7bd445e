use super::{
    Block, Child, Document, Element, Half, Method, Param, Type,
    error::ParseError,
    lexer::{Lexer, Text, Token},
};

type Result<T> = std::result::Result<T, ParseError>;

impl Document {
    /// Parses definitions. Accepts any layout, comments, definitions with or without `void`, an `L`
    /// after a hash, empty `Children`, and short names of types (`string`, `int`).
    ///
    /// # Errors
    ///
    /// Returns the first syntax error, with its line and the expected text.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lexer = Lexer::new(text);
        let next = lexer.next()?;
        let mut parser = Parser { lexer, next };
        let mut blocks = Vec::new();
        while parser.next.text != Text::End {
            blocks.push(parser.block()?);
        }
        Ok(Self { blocks })
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    next: Token<'a>,
}

impl<'a> Parser<'a> {
    fn take(&mut self) -> Result<Token<'a>> {
        let following = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.next, following))
    }

    fn expected<T>(&self, what: &str) -> Result<T> {
        Err(ParseError::new(self.next.line, what, &self.next.text.shown()))
    }

    /// Takes the next token if it is this sign. Reports whether it was.
    fn skip(&mut self, sign: char) -> Result<bool> {
        let found = self.next.text == Text::Sign(sign);
        if found {
            self.take()?;
        }
        Ok(found)
    }

    fn sign(&mut self, sign: char) -> Result<()> {
        if self.skip(sign)? { Ok(()) } else { self.expected(&format!("`{sign}`")) }
    }

    fn word(&mut self, what: &str) -> Result<&'a str> {
        let Text::Word(word) = self.next.text else { return self.expected(what) };
        self.take()?;
        Ok(word)
    }

    fn keyword(&mut self, keyword: &str) -> Result<()> {
        match self.next.text {
            Text::Word(word) if word == keyword => self.take().map(drop),
            _ => self.expected(&format!("`{keyword}`")),
        }
    }

    fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T> {
        let Text::Word(word) = self.next.text else { return self.expected(what) };
        let digits = word.strip_suffix(['l', 'L']).unwrap_or(word);
        let Ok(number) = digits.parse() else { return self.expected(what) };
        self.take()?;
        Ok(number)
    }

    /// Parses `[Name="...", Version=1]`, with both attributes in either order, and the interface
    /// after it.
    fn block(&mut self) -> Result<Block> {
        let line = self.next.line;
        let (mut name, mut version) = (None, None);
        self.sign('[')?;
        loop {
            match self.next.text {
                Text::Word("Name") if name.is_none() => {
                    self.attribute()?;
                    let Text::Quoted(text) = self.next.text else {
                        return self.expected("a name in quotes");
                    };
                    if text.is_empty() {
                        return self.expected("a name that is not empty");
                    }
                    name = Some(text);
                    self.take()?;
                }
                Text::Word("Version") if version.is_none() => {
                    self.attribute()?;
                    match self.next.text {
                        Text::Word(word) if word.parse::<i32>().is_ok_and(|number| number > 0) => {}
                        _ => return self.expected("a version above 0"),
                    }
                    version = Some(self.number("a version above 0")?);
                }
                _ => return self.expected("`Name` and `Version`, once each"),
            }
            if !self.skip(',')? {
                break;
            }
        }
        let (Some(name), Some(version)) = (name, version) else {
            return self.expected("`Name` and `Version`");
        };
        self.sign(']')?;
        self.keyword("DOInterface")?;
        let title = self.word("the name of the interface")?.to_owned();
        self.sign('{')?;
        let server = self.half("ServerInterface")?;
        let client = self.half("ClientInterface")?;
        let children = match self.next.text {
            Text::Sign('}') => Vec::new(),
            _ => self.children()?,
        };
        self.sign('}')?;
        Ok(Block { line, name: name.into(), version, title, server, client, children })
    }

    fn attribute(&mut self) -> Result<()> {
        self.take()?;
        self.sign('=')
    }

    fn half(&mut self, keyword: &str) -> Result<Half> {
        let line = self.next.line;
        let hash = match self.skip('[')? {
            true => {
                self.keyword("Hash")?;
                self.sign('=')?;
                let hash = self.number("a hash of 64 bits")?;
                self.sign(']')?;
                Some(hash)
            }
            false => None,
        };
        self.keyword(keyword)?;
        self.sign('{')?;
        let mut methods = Vec::new();
        while !self.skip('}')? {
            methods.push(self.method()?);
        }
        Ok(Half { line, hash, methods })
    }

    fn method(&mut self) -> Result<Method> {
        let line = self.next.line;
        let mut name = self.word("a method or `}`")?;
        // The grammar of section 3.1.4.1.1.3 has no `void`, but the definitions have one.
        if name == "void" && self.next.text != Text::Sign('(') {
            name = self.word("the name of a method")?;
        }
        self.sign('(')?;
        let mut params = Vec::new();
        if !self.skip(')')? {
            loop {
                params.push(self.param()?);
                if !self.skip(',')? {
                    break;
                }
            }
            self.sign(')')?;
        }
        self.sign(';')?;
        Ok(Method { line, name: name.into(), params })
    }

    fn param(&mut self) -> Result<Param> {
        let Text::Word(word) = self.next.text else { return self.expected("a type") };
        // A name with a dot is an enumeration: `QnaContentConstants.QnaOpenState`.
        let (element, mut enumeration) = match (element(word), word.rsplit_once('.')) {
            (Some(element), _) => (element, None),
            (None, Some((_, name))) if is_name(name) => (Element::Int32, Some(name)),
            _ => return self.expected("a type"),
        };
        self.take()?;
        let mut dimensions = 0;
        enumeration = enumeration.or(self.next.comment);
        while self.skip('[')? {
            self.sign(']')?;
            dimensions += 1;
            enumeration = enumeration.or(self.next.comment);
        }
        let enumeration = enumeration.filter(|name| is_name(name) && element == Element::Int32);
        let kind = Type { element, dimensions, enumeration: enumeration.map(Into::into) };
        Ok(Param { name: self.word("the name of a parameter")?.into(), kind })
    }

    fn children(&mut self) -> Result<Vec<Child>> {
        self.keyword("Children")?;
        self.sign('{')?;
        let mut children = Vec::new();
        while !self.skip('}')? {
            let line = self.next.line;
            if self.next.text != Text::Sign('(') {
                return self.expected("`(` or `}`");
            }
            self.take()?;
            let part = match self.next.text {
                Text::Word(part) | Text::Quoted(part) => part.to_owned(),
                _ => return self.expected("the name of a child"),
            };
            self.take()?;
            self.sign(',')?;
            let kind = self.word("the type of a child")?.to_owned();
            self.sign(')')?;
            children.push(Child { line, part, kind });
        }
        Ok(children)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// Parses the name of a type of section 3.1.1.1, without regard to case, or its name in C#.
fn element(word: &str) -> Option<Element> {
    Some(match word.to_ascii_lowercase().as_str() {
        "boolean" | "bool" => Element::Boolean,
        "byte" => Element::Byte,
        "int16" | "short" => Element::Int16,
        "int32" | "int" => Element::Int32,
        "int64" | "long" => Element::Int64,
        "uint32" | "uint" => Element::UInt32,
        "uint64" | "ulong" => Element::UInt64,
        "double" => Element::Double,
        "string" => Element::String,
        "distributedobject" => Element::DistributedObject,
        _ => return None,
    })
}

//! A small XML writer: it escapes, closes what it opened, and never fails.

/// Writes one document into a string.
pub(super) struct XmlWriter {
    out: String,
    open: Vec<&'static str>,
    /// The last start tag still lacks its `>`, so attributes can follow.
    in_tag: bool,
}

impl XmlWriter {
    /// A document with `root` in the default namespace `namespace`.
    pub(super) fn new(root: &'static str, namespace: &str) -> Self {
        let mut writer = Self { out: String::new(), open: Vec::new(), in_tag: false };
        writer.out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>");
        writer.start(root);
        writer.attr("xmlns", namespace);
        writer
    }

    pub(super) fn start(&mut self, name: &'static str) {
        self.close_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
        self.in_tag = true;
    }

    /// Adds an attribute to the element that was just started.
    pub(super) fn attr(&mut self, name: &str, value: &str) {
        debug_assert!(self.in_tag, "attributes follow a start tag");
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.escape(value, true);
        self.out.push('"');
    }

    /// Adds the attribute, where there is a value.
    pub(super) fn optional_attr(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.attr(name, &value.to_string());
        }
    }

    pub(super) fn end(&mut self) {
        let Some(name) = self.open.pop() else { return };
        if self.in_tag {
            self.out.push_str("/>");
            self.in_tag = false;
        } else {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    /// An element that has only text.
    pub(super) fn element(&mut self, name: &'static str, text: &str) {
        self.start(name);
        if !text.is_empty() {
            self.close_tag();
            self.escape(text, false);
        }
        self.end();
    }

    /// The element, where there is a value.
    pub(super) fn optional(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.element(name, &value.to_string());
        }
    }

    /// A fragment, as it stands: it declares the namespaces that it uses.
    pub(super) fn raw(&mut self, xml: &str) {
        self.close_tag();
        self.out.push_str(xml);
    }

    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.out
    }

    fn close_tag(&mut self) {
        if self.in_tag {
            self.out.push('>');
            self.in_tag = false;
        }
    }

    /// Whatever a reader would normalize or take for markup becomes a reference.
    fn escape(&mut self, text: &str, attribute: bool) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' if attribute => self.out.push_str("&quot;"),
                '\r' => self.out.push_str("&#13;"),
                '\n' if attribute => self.out.push_str("&#10;"),
                '\t' if attribute => self.out.push_str("&#9;"),
                c => self.out.push(c),
            }
        }
    }
}

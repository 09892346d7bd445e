//! A small XML writer. It escapes texts and closes elements, and it cannot fail.

/// Writes a document into a string.
pub(super) struct XmlWriter {
    out: String,
    open: Vec<&'static str>,
    /// True while the last start tag is still open for attributes.
    in_tag: bool,
}

impl XmlWriter {
    /// Starts a document with the element `root` in the default namespace `namespace`.
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

    /// Adds an attribute to the last started element.
    pub(super) fn attr(&mut self, name: &str, value: &str) {
        debug_assert!(self.in_tag, "attributes follow a start tag");
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.escape(value, true);
        self.out.push('"');
    }

    /// Adds an attribute if it has a value.
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

    /// Adds an element that has only text.
    pub(super) fn element(&mut self, name: &'static str, text: &str) {
        self.start(name);
        if !text.is_empty() {
            self.close_tag();
            self.escape(text, false);
        }
        self.end();
    }

    /// Adds an element with text if it has a value.
    pub(super) fn optional(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.element(name, &value.to_string());
        }
    }

    /// Adds a fragment unchanged. The fragment declares the namespaces that it uses.
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

    /// Replaces each character that a parser would normalize or read as markup by a reference.
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

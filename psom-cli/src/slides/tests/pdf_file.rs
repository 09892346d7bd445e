//! PDFs, written by hand.

/// A page: the entries of its dictionary, without those that every page has, and its content.
pub(super) struct Page {
    pub entries: String,
    pub content: String,
}

impl Page {
    /// A page of 960 by 540 points with its number, a bar and a diamond that differ by the number.
    pub(super) fn numbered(number: usize) -> Self {
        let hue = |shift: usize| (number * 7 + shift * 5) % 10;
        let along = 40 * number;
        let content = format!(
            "0.{} 0.{} 0.{} rg 0 0 {along} 60 re f\n\
             0.9 0.{} 0.2 rg {} 300 m {} 400 l {} 300 l {} 200 l h f\n\
             BT /F1 96 Tf 0 0 0 rg 80 400 Td (Page {number}) Tj ET",
            hue(0),
            hue(1),
            hue(2),
            hue(3),
            along,
            along + 60,
            along + 120,
            along + 60,
        );
        Self::with(content)
    }

    pub(super) fn with(content: impl Into<String>) -> Self {
        Self { entries: "/MediaBox [0 0 960 540]".to_owned(), content: content.into() }
    }

    pub(super) fn and(mut self, entry: &str) -> Self {
        self.entries.push_str(entry);
        self
    }
}

/// A PDF with these pages.
pub(super) fn pdf(pages: &[Page]) -> Vec<u8> {
    protected(pages, "")
}

/// A PDF with these pages, and entries in its trailer.
pub(super) fn protected(pages: &[Page], trailer: &str) -> Vec<u8> {
    let page_id = |page: usize| 4 + 2 * page;
    let kids: String = (0..pages.len()).map(|page| format!("{} 0 R ", page_id(page))).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Count {} /Kids [ {kids}] >>", pages.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    for (number, Page { entries, content }) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> \
             /XObject << /Self {id} 0 R >> >> /Contents {id} 0 R {entries} >>",
            id = page_id(number) + 1
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    let mut file = "%PDF-1.4\n".to_owned();
    let mut xref = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        xref.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let start = file.len();
    file.push_str(&format!(
        "{xref}trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    ));
    file.into_bytes()
}

/// Replaces the index of a PDF by more objects.
pub(super) fn without_index(pdf: &[u8], objects: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let end = pdf.windows(5).position(|word| word == b"xref\n").unwrap_or(pdf.len());
    let mut bytes = pdf[..end].to_vec();
    for (number, object) in objects {
        bytes.extend(format!("{number} 0 obj\n").bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    bytes.extend(b"trailer << /Size 100 /Root 1 0 R >>\n");
    bytes
}

/// A stream with these entries in its dictionary.
pub(super) fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<< {entries} /Length {} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

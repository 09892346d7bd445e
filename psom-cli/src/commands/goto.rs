use clap::Args;
use psom_objects::package::Location;

use crate::{
    failure::{Failure, Result},
    joined::LinkArgs,
    out,
};

/// Go to a slide of a presentation, for everybody
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom goto LINK Talk.pdf 3
  psom goto LINK Talk.pdf 3 2        slide 3, after 2 clicks

Organizers and presenters may turn slides.")]
pub struct Goto {
    #[command(flatten)]
    link: LinkArgs,
    /// The presentation's title.
    title: String,
    /// The slide, from 1.
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    slide: u32,
    /// How many clicks of its animations have happened.
    #[arg(default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=i64::from(i32::MAX)))]
    click: u32,
}

impl Goto {
    pub async fn run(self) -> Result {
        let mut joined = self.link.join().await?;
        let (id, content) = joined.content(&self.title)?;
        let title = content.title.clone().unwrap_or_else(|| self.title.clone());
        let Some(slides) = &content.slides else {
            return Err(Failure::new(format!(
                "\"{title}\" is no presentation; go to a slide of another content"
            )));
        };
        let count = slides.count.unwrap_or(0);
        if self.slide > count {
            let has = match count {
                1 => "one slide".to_owned(),
                count => format!("{count} slides"),
            };
            let slide = self.slide;
            return Err(Failure::new(format!("there is no slide {slide}; \"{title}\" has {has}")));
        }
        let (slide, click) = (self.slide - 1, self.click);
        joined.act(move |conference, cx| conference.go_to(cx, id, slide, click)).await?;
        joined.settle().await?;
        let slides = joined.model.contents.get(&id).and_then(|content| content.slides.as_ref());
        let Some(now) = slides.and_then(|slides| slides.location.as_ref()) else {
            return Err(Failure::new(format!("\"{title}\" is gone meanwhile")));
        };
        if (now.slide, now.click) != (slide, click) {
            return Err(Failure::new(format!(
                "the server does not let you turn the slides, they stay at {}; join as a presenter",
                place(now)
            )));
        }
        out::line(format_args!("\"{}\" is at {}.", out::printable(&title), place(now)))?;
        joined.leave().await
    }
}

/// A place for people, who count slides from 1.
fn place(at: &Location) -> String {
    let slide = u64::from(at.slide) + 1;
    match at.click {
        0 => format!("slide {slide}"),
        click => format!("slide {slide}, click {click}"),
    }
}

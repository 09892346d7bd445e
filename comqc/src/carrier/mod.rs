//! The carrier: an MSMQ UserMessage packet (MS-MQMQ sections 2.2.19 and 2.2.20), and the search for
//! packets in storage files and memory dumps.

mod carve;
mod packet;

pub use carve::{Carver, Found, Verdict, carve};
pub use packet::{
    EXTENSION, MAX_PACKET_BYTES, PACKET_SIGNATURE, Packet, Properties, QueueName, Sections,
};

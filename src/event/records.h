// event/records.h - the records that every protocol shares. Names and meaning: the contract,
// section 2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "event/event.h"

namespace wirelens {

/// Which way bytes go: from the connection's client, or from its server.
enum class Direction : std::uint8_t { from_client = 0, from_server = 1 };
constexpr std::size_t index(Direction direction) {
  return static_cast<std::size_t>(direction);
}
constexpr Direction opposite(Direction direction) {
  return direction == Direction::from_client ? Direction::from_server : Direction::from_client;
}
constexpr std::string_view name_of(Direction direction) {
  return direction == Direction::from_client ? "client" : "server";
}

struct Endpoint {
  PlainText ip;
  std::uint16_t port = 0;

  static constexpr auto fields() {
    return std::tuple(field("ip", &Endpoint::ip, "address, IPv6 as RFC 5952 writes it"),
                      field("port", &Endpoint::port, "port"));
  }
};

/// First record of a run.
struct CaptureBegin {
  static constexpr std::string_view kName = "capture";
  static constexpr std::string_view kAbout = "What is read; the first record.";

  struct Interface {
    std::optional<std::string_view> name;
    std::string_view linktype;
    std::optional<std::uint32_t> snaplen;

    static constexpr auto fields() {
      return std::tuple(field("name", &Interface::name, "interface name"),
                        field("linktype", &Interface::linktype, "libpcap's name of the link type"),
                        field("snaplen", &Interface::snaplen, "bytes kept of a packet at most"));
    }
  };
  std::span<const std::string_view> files;
  std::span<const std::string_view> linktypes;
  std::optional<std::uint32_t> snaplen;
  std::span<const Interface> interfaces;
  std::optional<Timestamp> first_ts;

  static constexpr auto fields() {
    return std::tuple(
        field("files", &CaptureBegin::files, "inputs, as named by the user"),
        field("linktypes", &CaptureBegin::linktypes, "link types known when the run began"),
        field("snaplen", &CaptureBegin::snaplen,
              "smallest snapshot length, where there is a limit"),
        field("interfaces", &CaptureBegin::interfaces,
              "capture interfaces known when the run began"),
        field("first_ts", &CaptureBegin::first_ts, "time of the first packet"));
  }
};

/// Last record of a run.
struct CaptureEnd {
  static constexpr std::string_view kName = "capture_end";
  static constexpr std::string_view kAbout =
      "What was read, and what could not be; the last record.";

  struct Drops {
    std::optional<std::uint64_t> kernel;
    std::optional<std::uint64_t> interface;

    static constexpr auto fields() {
      return std::tuple(
          field("kernel", &Drops::kernel, "packets for which the kernel had no room"),
          field("interface", &Drops::interface, "packets that the interface dropped"));
    }
  };
  struct Count {
    std::string_view name;
    std::uint64_t count = 0;

    static constexpr auto fields() {
      return std::tuple(field("name", &Count::name, "what was counted"),
                        field("count", &Count::count, "how often"));
    }
  };
  struct Unseen {
    std::string_view what;
    std::string_view doubt;
    std::uint64_t count = 0;

    static constexpr auto fields() {
      return std::tuple(field("what", &Unseen::what, "what could not be seen"),
                        field("doubt", &Unseen::doubt, "what that puts in doubt"),
                        field("count", &Unseen::count, "how often"));
    }
  };
  struct Damage {
    std::string_view file;
    std::uint64_t offset = 0;
    std::string_view reason;

    static constexpr auto fields() {
      return std::tuple(field("file", &Damage::file, "the damaged input"),
                        field("offset", &Damage::offset, "byte at which it breaks"),
                        field("reason", &Damage::reason, "what is wrong there"));
    }
  };
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::optional<Timestamp> last_ts;
  Drops dropped;
  std::uint64_t truncated_packets = 0;
  std::span<const Count> malformed;
  std::span<const Count> limits;
  std::span<const Unseen> not_observable;
  std::span<const Damage> damage;

  static constexpr auto fields() {
    return std::tuple(
        field("packets", &CaptureEnd::packets, "packets read"),
        field("bytes", &CaptureEnd::bytes, "bytes of those packets on the wire"),
        field("last_ts", &CaptureEnd::last_ts, "latest packet time"),
        field("dropped", &CaptureEnd::dropped, "packets lost before they could be read"),
        field("truncated_packets", &CaptureEnd::truncated_packets,
              "packets cut by the snapshot length"),
        field("malformed", &CaptureEnd::malformed, "flaws of packets, by name"),
        field("limits", &CaptureEnd::limits, "limits that were reached, by name"),
        field("not_observable", &CaptureEnd::not_observable, "what could not be seen"),
        field("damage", &CaptureEnd::damage, "inputs that broke before their end"));
  }
};

/// How a connection ended.
enum class Close : std::uint8_t {
  open,             ///< it had not ended when the capture did
  fin,              ///< both ends closed
  reset_by_client,  ///< after the handshake
  reset_by_server,
  timeout,     ///< silent for too long, or evicted
  refused,     ///< SYN answered by a reset
  unanswered,  ///< SYN without any answer
};
std::string_view name_of(Close close);

struct RoundTrip {
  Duration min{};
  Duration mean{};
  Duration max{};
  std::uint64_t samples = 0;

  static constexpr auto fields() {
    return std::tuple(field("min", &RoundTrip::min, "shortest, seconds"),
                      field("mean", &RoundTrip::mean, "mean, seconds"),
                      field("max", &RoundTrip::max, "longest, seconds"),
                      field("samples", &RoundTrip::samples, "how many were measured"));
  }
};

/// What one end of a connection sent, judged from where the capture stood.
struct Sent {
  bool by_tcp = true;  ///< false: the counters that only TCP has are absent
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t retransmitted_packets = 0;
  std::uint64_t retransmitted_bytes = 0;
  std::uint64_t fast_retransmits = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t spurious = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t duplicate_acks = 0;
  std::uint64_t zero_windows = 0;
  Duration zero_window_time{};
  std::uint64_t zero_window_probes = 0;
  std::uint64_t keep_alives = 0;
  std::optional<std::uint8_t> window_scale;
  std::optional<std::uint16_t> mss;
  std::optional<bool> sack;
  std::optional<RoundTrip> rtt;
  std::optional<std::uint64_t> max_bytes_in_flight;
  std::uint64_t missing_bytes = 0;
  std::uint64_t capture_duplicates = 0;
  std::uint64_t acked_before_seen = 0;

  template <class T>
  static constexpr Field<Sent, T> tcp_field(std::string_view name, T Sent::*member,
                                            std::string_view about) {
    return field(name, member, about).when(&Sent::by_tcp);
  }
  static constexpr auto fields() {
    return std::tuple(
        field("packets", &Sent::packets, "packets"),
        field("bytes", &Sent::bytes, "payload, each byte counted once"),
        tcp_field("retransmitted_packets", &Sent::retransmitted_packets, "segments sent again"),
        tcp_field("retransmitted_bytes", &Sent::retransmitted_bytes, "payload sent again"),
        tcp_field("fast_retransmits", &Sent::fast_retransmits,
                  "retransmissions called for by duplicate ACKs or SACK (RFC 5681, 6675)"),
        tcp_field("timeouts", &Sent::timeouts, "retransmissions by a timer (RFC 6298)"),
        tcp_field("spurious", &Sent::spurious,
                  "retransmissions of what had arrived (D-SACK, RFC 2883; ACK seen)"),
        tcp_field("out_of_order", &Sent::out_of_order,
                  "segments overtaken by later ones on the way"),
        tcp_field("duplicate_acks", &Sent::duplicate_acks,
                  "ACKs that repeat the last one (RFC 5681 section 2)"),
        tcp_field("zero_windows", &Sent::zero_windows,
                  "times that this end announced a window of 0"),
        tcp_field("zero_window_time", &Sent::zero_window_time,
                  "seconds that this end's window stood at 0"),
        tcp_field("zero_window_probes", &Sent::zero_window_probes,
                  "probes of the other end's zero window"),
        tcp_field("keep_alives", &Sent::keep_alives, "keep-alive probes (RFC 9293 section 3.8.4)"),
        field("window_scale", &Sent::window_scale, "shift count offered in the SYN (RFC 7323)"),
        field("mss", &Sent::mss, "maximum segment size announced in the SYN"),
        field("sack", &Sent::sack, "offered SACK in the SYN (RFC 2018)"),
        field("rtt", &Sent::rtt,
              "from this end's data to the ACK of the other, as seen at the capture"),
        field("max_bytes_in_flight", &Sent::max_bytes_in_flight,
              "most payload sent and not yet acknowledged"),
        tcp_field("missing_bytes", &Sent::missing_bytes, "payload that the capture lacks"),
        tcp_field("capture_duplicates", &Sent::capture_duplicates,
                  "packets that the capture point saw twice (mirror port), not resent"),
        tcp_field("acked_before_seen", &Sent::acked_before_seen,
                  "segments captured after the ACK that answers them"));
  }
};

/// One connection: at its end, and as an interim record while it lasts.
struct Connection {
  static constexpr std::string_view kName = "connection";
  static constexpr std::string_view kAbout =
      "Who talked to whom, how it began and ended, what was lost; `ts` is its first packet.";

  std::uint64_t id = 0;
  PlainText transport;
  Endpoint client;
  Endpoint server;
  bool client_known = true;
  std::optional<std::string_view> server_name;
  std::uint64_t first_packet = 0;
  Duration duration{};
  std::optional<PlainText> client_state;
  std::optional<PlainText> server_state;
  std::optional<Close> close;
  std::optional<Duration> idle;
  PlainText history;
  PlainText conn_state;
  PlainText community_id;
  std::optional<Duration> handshake_rtt;
  std::span<const std::string_view> protocols;
  Sent sent;
  Sent received;
  std::optional<bool> one_sided;
  std::optional<bool> midstream;
  std::span<const std::uint16_t> vlan;
  std::optional<std::string_view> tunnel;
  std::optional<PlainText> evicted;
  std::optional<bool> interim;

  static constexpr auto fields() {
    return std::tuple(
        field("id", &Connection::id, "number of the connection, from 0 in order of first packet"),
        field("transport", &Connection::transport, "tcp or udp"),
        field("client", &Connection::client, "the side that opened"),
        field("server", &Connection::server, "the side that was called"),
        field("client_known", &Connection::client_known, "false: which side opened is a guess"),
        field("server_name", &Connection::server_name,
              "what the client called the server (Host, SNI)"),
        field("first_packet", &Connection::first_packet, "number of its first packet"),
        field("duration", &Connection::duration, "first to last packet, seconds"),
        field("client_state", &Connection::client_state,
              "TCP state of the client (RFC 9293 section 3.3.2)"),
        field("server_state", &Connection::server_state, "TCP state of the server"),
        field("close", &Connection::close, "how it ended"),
        field("idle", &Connection::idle,
              "seconds without a packet when this was written, if it was not closed"),
        field("history", &Connection::history, "what happened, in Zeek's letters"),
        field("conn_state", &Connection::conn_state, "outcome, in Zeek's words"),
        field("community_id", &Connection::community_id, "Community ID, version 1"),
        field("handshake_rtt", &Connection::handshake_rtt,
              "SYN to the ACK that completes, seconds"),
        field("protocols", &Connection::protocols, "what was spoken, in order of layering"),
        field("sent", &Connection::sent, "what the client sent"),
        field("received", &Connection::received, "what the server sent"),
        field("one_sided", &Connection::one_sided, "packets of one direction only"),
        field("midstream", &Connection::midstream, "it began before the capture"),
        field("vlan", &Connection::vlan, "VLAN identifiers, outermost first"),
        field("tunnel", &Connection::tunnel, "tunnels around it, outermost first"),
        field("evicted", &Connection::evicted, "forgotten early, and which limit forced it"),
        field("interim", &Connection::interim, "true: it goes on"));
  }
};

/// A fault in the traffic of one connection. Repeats beyond kFlawsPerConnection are counted only.
struct FlawSeen {
  static constexpr std::string_view kName = "flaw";
  static constexpr std::string_view kAbout = "Traffic that breaks a rule of its protocol.";

  std::string_view name;
  std::string_view rule;
  std::uint64_t packet = 0;
  std::optional<Direction> from;
  std::optional<std::string_view> detail;

  static constexpr auto fields() {
    return std::tuple(field("name", &FlawSeen::name, "what is wrong"),
                      field("rule", &FlawSeen::rule, "the rule that it breaks"),
                      field("packet", &FlawSeen::packet, "packet that shows it"),
                      field("from", &FlawSeen::from, "who sent it"),
                      field("detail", &FlawSeen::detail, "more, escaped and bounded"));
  }
};
/// Flaw records of one name for one connection; the counts stay exact.
inline constexpr unsigned kFlawsPerConnection = 25;

}  // namespace wirelens

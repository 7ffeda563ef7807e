// tcp/flaws.h - what can be wrong with a segment, and the rule that says so.
#pragma once

#include "event/flaw.h"

namespace wirelens::tcp {

inline constexpr Flaw kOverlapConflict{"tcp.overlap_conflict", "RFC 9293 3.10.7.4"};
inline constexpr Flaw kBadChecksum{"tcp.bad_checksum", "RFC 9293 3.1"};
inline constexpr Flaw kTtlAnomaly{"tcp.ttl_anomaly", "RFC 791 3.2"};
inline constexpr Flaw kPaws{"tcp.paws", "RFC 7323 5.3"};
inline constexpr Flaw kTimestampMissing{"tcp.timestamp_missing", "RFC 7323 3.2"};
inline constexpr Flaw kOutOfWindow{"tcp.out_of_window", "RFC 9293 3.10.7.4"};
inline constexpr Flaw kUnexpectedMd5{"tcp.unexpected_md5", "RFC 2385 2"};
inline constexpr Flaw kInexactReset{"tcp.inexact_reset", "RFC 5961 3.2"};
inline constexpr Flaw kResetOutOfWindow{"tcp.reset_out_of_window", "RFC 5961 3.2"};
inline constexpr Flaw kResetIgnored{"tcp.rst_ignored", "RFC 9293 3.5.2"};
inline constexpr Flaw kResetWithData{"tcp.reset_with_data", "RFC 9293 3.5.3"};
inline constexpr Flaw kSynInConnection{"tcp.syn_in_connection", "RFC 5961 4.2"};
inline constexpr Flaw kSynChanged{"tcp.syn_changed", "RFC 9293 3.4.1"};
inline constexpr Flaw kSynAckMismatch{"tcp.syn_ack_mismatch", "RFC 9293 3.10.7.3"};
inline constexpr Flaw kSplitHandshake{"tcp.split_handshake", "RFC 9293 3.5"};
inline constexpr Flaw kWrongAck{"tcp.wrong_ack", "RFC 9293 3.10.7.4"};
inline constexpr Flaw kUrgent{"tcp.urgent", "RFC 6093 4"};
inline constexpr Flaw kBadFlags{"tcp.bad_flags", "RFC 9293 3.1"};
inline constexpr Flaw kFinConflict{"tcp.fin_conflict", "RFC 9293 3.10.7.4"};
inline constexpr Flaw kDataAfterFin{"tcp.data_after_fin", "RFC 9293 3.6"};
inline constexpr Flaw kSynDataRefused{"tcp.syn_data_refused", "RFC 7413 4.2"};

}  // namespace wirelens::tcp

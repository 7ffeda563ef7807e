// report/pcapng.h - the packets of a run as a pcapng with what was found out: Wireshark opens at
// the evidence.
//
// Findings become comments of the packets that prove them. Comments, interfaces and secrets of the
// input are kept, and a key log that the user gave is put in where secrets may be shown. The
// packets come from a second reading of the input, when all findings are known.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "capture/source.h"
#include "report/output.h"
#include "report/report.h"

namespace wirelens {

class PcapngReport final : public Report, private PacketSink {
 public:
  static constexpr std::size_t kMostComments = 100'000;  ///< over all packets

  /// `key_log`: secrets to put in front of the packets, in SSLKEYLOGFILE's form; may be empty.
  PcapngReport(std::unique_ptr<Output> output, SecretText key_log);

  void write(const Event& event) override;
  void finish() override;
  const std::optional<WriteFailure>& failure() const override { return output_->failure(); }
  PacketSink* packets() override { return this; }

 private:
  void packet(const Packet& packet, const Source& source) override;
  void begin(const Source& source);
  void describe_interfaces(const Source& source);
  void keep_annotations(const Source& source, std::uint64_t up_to);
  void secrets(std::string_view log);
  void hand_on();

  std::unique_ptr<Output> output_;
  SecretText key_log_;
  std::string text_;
  bool begun_ = false;
  std::size_t interfaces_ = 0;  ///< described so far
  std::size_t keys_ = 0;        ///< secrets of the input that were kept so far
  std::size_t comments_read_ = 0;
  std::size_t count_ = 0;
  std::map<std::uint64_t, std::vector<std::string>> comments_;  ///< of findings, by packet
  std::map<std::uint64_t, std::vector<std::string>> kept_;      ///< of the input
};

}  // namespace wirelens

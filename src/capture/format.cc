// capture/format.cc - tells savefile formats apart, also those that we do not read.
#include "capture/format.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace wirelens {
namespace {

using namespace std::string_view_literals;

struct Stranger {
  std::string_view head;
  std::string_view name;
};

/// What people hand to an analyzer by mistake, or from programs of their own world.
constexpr std::array kStrangers{
    Stranger{"snoop\0\0\0"sv, "a snoop capture (Solaris)"},
    Stranger{"XCP\0"sv, "a NetXRay or Sniffer capture"},
    Stranger{"TRSNIFF data"sv, "a DOS Sniffer capture"},
    Stranger{"RTSS"sv, "a Network Monitor 1 capture"},
    Stranger{"GMBU"sv, "a Network Monitor 2 capture"},
    Stranger{"\x54\x00\x7f"sv, "a NetInstruments capture"},
    Stranger{"ObserverPktBuffe"sv, "an Observer capture"},
    Stranger{"iptrace"sv, "an iptrace capture (AIX)"},
    Stranger{"btsnoop\0"sv, "a Bluetooth capture (btsnoop)"},
    Stranger{"\x7fver"sv, "an EtherPeek capture"},
    Stranger{"VeriWave"sv, "a VeriWave capture"},
    Stranger{"\x1f\x9d"sv, "compressed with compress"},
    Stranger{"BZh"sv, "compressed with bzip2"},
    Stranger{"\xfd"
             "7zXZ\0"sv,
             "compressed with xz"},
    Stranger{"\x04\x22\x4d\x18"sv, "compressed with lz4"},
    Stranger{"PK\x03\x04"sv, "a zip archive"},
    Stranger{"7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive"},
    Stranger{"\x7f"
             "ELF"sv,
             "a program"},
    Stranger{"%PDF-"sv, "a PDF document"},
    Stranger{"<!DOCTYPE"sv, "a web page"},
    Stranger{"<!doctype"sv, "a web page"},
    Stranger{"<html"sv, "a web page"},
    Stranger{"<HTML"sv, "a web page"},
    Stranger{"version https://git-lfs"sv, "a Git LFS pointer, not the file itself"},
};

std::string looks_like(Bytes head) {
  const std::string_view text = as_text(head);
  for (const Stranger& stranger : kStrangers) {
    // A head may be shorter than what is known of a format (a pointer file): compare what there is.
    if (text.starts_with(stranger.head.substr(0, kFormatHead))) return std::string(stranger.name);
  }
  bool plain = true;
  for (const std::uint8_t byte : head) {
    plain = plain && (byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t') && byte < 0x7f;
  }
  return plain ? "a text" : "";
}

bool is_pcap_magic(std::uint32_t magic) {
  return magic == 0xa1b2c3d4 || magic == 0xa1b23c4d || magic == 0xa1b2cd34;
}

}  // namespace

Result<std::unique_ptr<Format>> format_of(Bytes head) {
  if (head.empty()) return Error{"is empty"};
  if (head.size() >= 4) {
    const std::uint32_t magic = load_le32(head.data());
    if (magic == 0x0a0d0d0a) return pcapng_format();
    if (is_pcap_magic(magic) || is_pcap_magic(__builtin_bswap32(magic))) {
      if (head.size() >= kFormatHead) return pcap_format(head);
      return Error{fmt::format("ends after {} bytes, inside the pcap file header", head.size())};
    }
  }
  const std::string guess = looks_like(head);
  if (!guess.empty()) return Error{"is not pcap or pcapng but looks like " + guess};
  return Error{"is not pcap or pcapng"};
}

}  // namespace wirelens

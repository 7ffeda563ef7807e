// bench/other_flows.h - the flows that are not HTTP/1: TLS, datagrams that look like QUIC, DNS.
#pragma once

#include <cstdint>
#include <string_view>

#include "bench/tcp_flow.h"

namespace wirelens::bench {

/// A ClientHello and ServerHello of TLS 1.3 (RFC 8446) that name each other correctly, then records
/// of opaque bytes, at most 16 KiB each: nothing in them can be decrypted, because no key ever was.
class TlsFlow final : public TcpFlow {
 public:
  /// `bytes` of application data come from the server; about one in sixteen from the client.
  TlsFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start,
          std::uint64_t bytes);

 private:
  bool compose() override;
  void hello();
  void records(From from, std::uint64_t bytes);

  std::uint64_t left_;
  int step_ = 0;
};

/// UDP on port 443 with QUIC's short header form (RFC 9000 section 17.3.1) and opaque bytes behind,
/// as of a connection that began before the capture.
class DatagramFlow final : public Flow {
 public:
  DatagramFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start,
               std::uint64_t bytes);

 private:
  bool compose() override;
  void datagram(From from, std::size_t size);

  Truth& truth_;
  Draws draws_;
  std::int64_t now_;
  std::uint64_t left_;
};

/// One query for an A record and its answer (RFC 1035 section 4).
class DnsFlow final : public Flow {
 public:
  DnsFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start);
  /// What both messages come to, frames included.
  static constexpr std::uint64_t kTypicalBytes = 190;

 private:
  bool compose() override;

  Truth& truth_;
  Draws draws_;
  std::int64_t now_;
  bool done_ = false;
};

}  // namespace wirelens::bench

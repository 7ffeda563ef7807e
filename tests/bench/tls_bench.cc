// bench/tls_bench.cc - TLS handshakes through the dissector, without TCP around it, fingerprints,
// and what decryption costs beside OpenSSL alone.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "bench/counting_context.h"
#include "dissect/conversation.h"
#include "event/tls.h"
#include "support/tls_bytes.h"
#include "support/tls_seal.h"
#include "tls/fingerprint.h"
#include "tls/key_schedule.h"
#include "tls/openssl.h"
#include "tls/record_protection.h"
#include "tls/suite.h"
#include "tls/tls.h"

namespace wirelens {
namespace {

using namespace testing;

/// As a browser says hello: 16 cipher suites, and a key share that takes it past one segment.
ClientHelloSpec browser() {
  return {.session_id = std::string(32, 'i'),
          .ciphers = {0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                      0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
          .alpn = {"h2", "http/1.1"},
          .versions = {0x2a2a, 0x0304, 0x0303},
          .more = {{10, list16(numbers16({0x11ec, 29, 23, 24}))},
                   {11, list8(number8(0))},
                   {13, list16(numbers16({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501}))},
                   {23, ""},
                   {35, ""},
                   {45, list8(number8(1))},
                   {51, list16(number16(0x11ec) + list16(std::string(1216, 'k')))},
                   {0xff01, number8(0)}}};
}

void handshakes(benchmark::State& state, const std::vector<std::string>& turns) {
  CountingContext<TlsSession> counter(443);
  const Protocol* const protocols[] = {&tls::kProtocol};
  for (auto _ : state) {
    Conversation conversation(protocols, counter.memory());
    Direction from = Direction::from_client;
    for (const std::string& turn : turns) {
      for (std::size_t at = 0; at < turn.size(); at += 1448) {
        const std::string_view part = std::string_view(turn).substr(at, 1448);
        conversation.data(counter, from, as_bytes(part), {});
      }
      from = opposite(from);
    }
    if (!conversation.opaque()) state.SkipWithError("the handshake is not done");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(counter.told));
}
void fingerprints(benchmark::State& state) {
  const std::string body = client_hello(browser());
  for (auto _ : state) {
    const tls::ClientHello hello = tls::read_client_hello(as_bytes(body));
    benchmark::DoNotOptimize(tls::ja3_of(hello));
    benchmark::DoNotOptimize(tls::ja4_of(hello, tls::Carrier::tcp));
  }
  state.SetItemsProcessed(state.iterations());
}

constexpr std::size_t kContent = 16'384;
constexpr std::size_t kSealedRecords = 64;  // a mebibyte, with new keys for each

/// Records of TLS 1.3 as a busy server seals them.
struct Sealed {
  Secret secret{as_bytes(std::string(32, 's'))};
  Secret key = tls::expand_label("SHA256", secret.bytes(), "key", {}, 16);
  Secret iv = tls::expand_label("SHA256", secret.bytes(), "iv", {}, 12);
  std::vector<std::string> records;

  Sealed() {
    TlsSeal seal(secret);
    for (std::size_t i = 0; i < kSealedRecords; ++i) {
      records.push_back(seal.seal(kDataRecord, std::string(kContent, 'x')));
    }
  }
  std::array<std::uint8_t, 12> nonce(std::size_t number) const {
    std::array<std::uint8_t, 12> nonce{};
    std::copy(iv.bytes().begin(), iv.bytes().end(), nonce.begin());
    nonce[11] ^= static_cast<std::uint8_t>(number);
    return nonce;
  }
};

/// The floor: one context, a nonce and a tag a record.
void openssl_alone(benchmark::State& state) {
  Sealed sealed;
  std::vector<std::uint8_t> out(kContent + 1 + TlsSeal::kTag);
  for (auto _ : state) {
    const tls::OwnedCipherContext context(EVP_CIPHER_CTX_new());
    EVP_DecryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, sealed.key.bytes().data(),
                       nullptr);
    for (std::size_t i = 0; i < kSealedRecords; ++i) {
      auto* const record = reinterpret_cast<std::uint8_t*>(sealed.records[i].data());
      std::uint8_t* const content = record + tls::RecordHeader::kSize;
      int done = 0;
      EVP_DecryptInit_ex(context.get(), nullptr, nullptr, nullptr, sealed.nonce(i).data());
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, TlsSeal::kTag,
                          content + kContent + 1);
      EVP_DecryptUpdate(context.get(), nullptr, &done, record, tls::RecordHeader::kSize);
      EVP_DecryptUpdate(context.get(), out.data(), &done, content, kContent + 1);
      if (EVP_DecryptFinal_ex(context.get(), out.data() + done, &done) != 1) {
        return state.SkipWithError("a record does not open");
      }
    }
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(kSealedRecords * kContent));
}
void decryption(benchmark::State& state) {
  const Sealed sealed;
  const auto suite = tls::suite_of("TLS_AES_128_GCM_SHA256");
  const auto scratch = std::make_shared<tls::Scratch>();
  for (auto _ : state) {
    const auto protection = tls::protect_by_secret(*suite, sealed.secret, scratch);
    for (const std::string& record : sealed.records) {
      const auto header = tls::read_record_header(as_bytes(record));
      const auto opened =
          protection->open(*header, as_bytes(record).subspan(tls::RecordHeader::kSize));
      if (!opened) return state.SkipWithError("a record does not open");
      benchmark::DoNotOptimize(opened->content.data());
    }
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(kSealedRecords * kContent));
}

BENCHMARK_CAPTURE(handshakes, tls13,
                  {client_hello_record(browser()),
                   tls_record(kHandshakeRecord, tls_message(2, server_hello13())) +
                       tls_change_cipher_spec() + tls_opaque(kDataRecord, 3000),
                   tls_change_cipher_spec() + tls_opaque(kDataRecord, 53)})
    ->Name("tls/handshake_1.3");
BENCHMARK_CAPTURE(handshakes, tls12,
                  {client_hello_record(), server_flight12(), client_flight12(), server_finish12()})
    ->Name("tls/handshake_1.2");
BENCHMARK(fingerprints)->Name("tls/fingerprints");
BENCHMARK(openssl_alone)->Name("tls/aes_128_gcm_by_openssl_alone");
BENCHMARK(decryption)->Name("tls/aes_128_gcm_by_protection");

}  // namespace
}  // namespace wirelens

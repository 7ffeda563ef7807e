// decode/flow_key.cc - a flow's identity in text.
#include "decode/flow_key.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>

#include "base/bytes.h"

namespace wirelens {

namespace {

/// SHA-1, found once: OpenSSL's look-up by name takes locks and costs more than the digest.
class Sha1 {
 public:
  Sha1() : digest_(EVP_MD_fetch(nullptr, "SHA1", nullptr)), context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex2(context_, digest_, nullptr);
  }
  ~Sha1() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(digest_);
  }
  Sha1(const Sha1&) = delete;
  Sha1& operator=(const Sha1&) = delete;

  std::array<std::uint8_t, 20> of(Bytes bytes) {
    std::array<std::uint8_t, 20> result{};
    EVP_DigestInit_ex2(context_, nullptr, nullptr);  // the same digest again
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
    EVP_DigestFinal_ex(context_, result.data(), nullptr);
    return result;
  }

 private:
  EVP_MD* digest_;
  EVP_MD_CTX* context_;
};

char* put_dotted_quad(const std::uint8_t* bytes, char* out) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *out++ = '.';
    out = std::to_chars(out, out + 3, bytes[i]).ptr;
  }
  return out;
}

/// RFC 5952 section 4: the first of the longest runs of zero groups is shortened, if there are two
/// or more; section 5: an IPv4 address at the end is shown as one.
char* put_groups(const std::uint8_t* bytes, char* out) {
  constexpr std::size_t kGroups = 8;
  std::array<std::uint16_t, kGroups> groups;
  std::size_t run = kGroups, length = 1;
  for (std::size_t i = 0, zeros = 0; i < kGroups; ++i) {
    groups[i] = load_be16(bytes + 2 * i);
    zeros = groups[i] == 0 ? zeros + 1 : 0;
    if (zeros <= length) continue;
    length = zeros;
    run = i + 1 - zeros;
  }
  const bool compatible = run == 0 && length == 6;
  const bool mapped = run == 0 && length == 5 && groups[5] == 0xffff;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == run) {
      *out++ = ':';
      i += length;
      if (i == kGroups) *out++ = ':';
    }
    if (i == kGroups) break;
    if (i > 0) *out++ = ':';
    if (i == 6 && (compatible || mapped)) return put_dotted_quad(bytes + 12, out);
    out = std::to_chars(out, out + 4, groups[i], 16).ptr;
  }
  return out;
}

}  // namespace

std::string address_text(const AddressBytes& address, std::uint8_t version) {
  char text[46];  // 39 for eight full groups; 45 with an IPv4 address at the end
  char* const end =
      version == 6 ? put_groups(address.data(), text) : put_dotted_quad(address.data(), text);
  return {text, end};
}

std::string community_id(const FlowKey& key) {
  std::array<std::uint8_t, 2 + 32 + 2 + 4> input{};
  std::size_t length = 2;  // the seed, 0
  const std::size_t width = key.version == 6 ? 16 : 4;
  const auto append = [&](const std::uint8_t* from, std::size_t count) {
    std::memcpy(input.data() + length, from, count);
    length += count;
  };
  const std::uint8_t tail[6] = {key.protocol,
                                0,
                                static_cast<std::uint8_t>(key.low_port >> 8),
                                static_cast<std::uint8_t>(key.low_port),
                                static_cast<std::uint8_t>(key.high_port >> 8),
                                static_cast<std::uint8_t>(key.high_port)};
  append(key.low.data(), width);
  append(key.high.data(), width);
  append(tail, sizeof tail);

  thread_local Sha1 sha1;
  const std::array<std::uint8_t, 20> digest = sha1.of(Bytes(input).first(length));
  std::uint8_t encoded[29];  // 28 characters and the NUL that EVP_EncodeBlock adds
  const int characters = EVP_EncodeBlock(encoded, digest.data(), digest.size());
  return "1:" +
         std::string(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(characters));
}

}  // namespace wirelens

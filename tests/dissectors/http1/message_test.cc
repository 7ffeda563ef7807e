// Heads: what is read from them, and which rules they break.
#include "http1/message.h"

#include <gtest/gtest.h>

#include <memory>

#include "http1/framing.h"
#include "http1/kept_head.h"
#include "http1/start_line.h"
#include "http1/text_marks.h"

namespace wirelens::http1 {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Parsed {
  std::unique_ptr<KeptHead> kept;
  const Head& head;
  Fields fields;
  std::vector<std::string> faults;
};

Parsed parse(Kind kind, std::string_view text) {
  auto kept = std::make_unique<KeptHead>(kind, *std::pmr::new_delete_resource());
  kept->keep(as_bytes(text));
  kept->finish(true);
  const Head& head = kept->head();
  Parsed parsed{std::move(kept), head, {}, {}};
  for (const auto& [name, value] : parsed.kept->fields()) {
    parsed.fields.emplace_back(std::string(name), std::string(value));
  }
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (parsed.head.faults.has(fault)) parsed.faults.emplace_back(flaw_of(fault).name.substr(5));
  }
  return parsed;
}
Parsed request(const std::string& line, const std::string& fields = "Host: a\r\n") {
  return parse(Kind::request, line + "\r\n" + fields + "\r\n");
}
Parsed response(const std::string& line, const std::string& fields = "") {
  return parse(Kind::response, line + "\r\n" + fields + "\r\n");
}
using Faulty = std::vector<std::string>;

TEST(Http1Message, RequestLines) {
  const Parsed plain = request("GET /where?q=now HTTP/1.1");
  EXPECT_EQ(plain.head.method, "GET");
  EXPECT_EQ(plain.head.target, "/where?q=now");
  EXPECT_EQ(plain.head.version, "1.1");
  EXPECT_EQ(plain.head.host, "a");
  EXPECT_EQ(plain.faults, Faulty{});
  EXPECT_EQ(request("GET http://www.example.org/pub/ HTTP/1.1").faults, Faulty{});
  EXPECT_EQ(request("CONNECT www.example.com:80 HTTP/1.1").faults, Faulty{});
  EXPECT_EQ(request("OPTIONS * HTTP/1.1").faults, Faulty{});
  EXPECT_EQ(request("GET / HTTP/1.0", "").faults, Faulty{});
  EXPECT_EQ(request("GET /old", "").head.version, "0.9");
  EXPECT_EQ(request("GET /old", "").faults, Faulty{});
}

TEST(Http1Message, RequestLinesThatBreakRules) {
  EXPECT_EQ(request("get / HTTP/1.1").faults, Faulty{"method_in_lower_case"});
  EXPECT_EQ(request("GET / HTTP/1.2").faults, Faulty{});
  EXPECT_EQ(request("GET / HTTP/2.0").faults, Faulty{"unknown_version"});
  EXPECT_EQ(request("GET * HTTP/1.1").faults, Faulty{"bad_target"});
  EXPECT_EQ(request("CONNECT / HTTP/1.1").faults, Faulty{"bad_target"});
  EXPECT_EQ(request("GET a.test:80 HTTP/1.1").faults, Faulty{"bad_target"});
  const Parsed spaces = request("GET /a b c HTTP/1.1");
  EXPECT_EQ(spaces.head.target, "/a b c");
  EXPECT_EQ(spaces.faults, Faulty{"space_in_target"});
  const Parsed unversioned = request("HEAD /HTTP/1.1");
  EXPECT_EQ(unversioned.head.method, "HEAD");
  EXPECT_EQ(unversioned.head.target, "/HTTP/1.1");
  EXPECT_FALSE(unversioned.head.version);
  EXPECT_EQ(unversioned.faults, Faulty{"malformed_start_line"});
  EXPECT_EQ(request("GET / HTTP/1.").faults, Faulty{"malformed_start_line"});
  EXPECT_EQ(request("OPTIONS").faults, Faulty{"malformed_start_line"});
  EXPECT_EQ(request("GET / HTTP/1.1", "").faults, Faulty{"missing_host"});
  EXPECT_EQ(request("GET / HTTP/1.1", "Host: a\r\nHost: b\r\n").faults, Faulty{"repeated_host"});
  const Parsed longest = request("GET /" + std::string(20'000, 'x') + " HTTP/1.1");
  EXPECT_EQ(longest.faults, Faulty{"long_request_line"});
  EXPECT_LE(longest.head.target.size(), kMaxRequestLine);
  EXPECT_EQ(longest.head.version, "1.1");
}

TEST(Http1Message, StatusLines) {
  const Parsed ok = response("HTTP/1.1 404 Not Found");
  EXPECT_EQ(ok.head.status, 404);
  EXPECT_EQ(ok.head.reason, "Not Found");
  EXPECT_EQ(ok.faults, Faulty{});
  EXPECT_EQ(response("HTTP/1.0 200").head.reason, "");
  EXPECT_EQ(response("HTTP/1.0 200").faults, Faulty{});
  EXPECT_EQ(response("HTTP/1.1 999 \xe4").head.status, 999);
  EXPECT_EQ(response("HTTP/1.1 20 OK").faults, Faulty{"malformed_start_line"});
  EXPECT_EQ(response("HTTP/1.1 2000 OK").faults, Faulty{"malformed_start_line"});
  EXPECT_EQ(response("HTTP/1.1 099 OK").faults, Faulty{"malformed_start_line"});
  EXPECT_EQ(response("HTTP/1.1").faults, Faulty{"malformed_start_line"});
  EXPECT_EQ(response("HTTP/1 200 OK").faults, Faulty{"malformed_start_line"});
}

TEST(Http1Message, Fields) {
  const Parsed parsed =
      response("HTTP/1.1 200 OK", "Content-Type:text/plain\r\nX-Empty:\r\nx-CASE: \t kept \t\r\n");
  EXPECT_EQ(parsed.fields,
            (Fields{{"Content-Type", "text/plain"}, {"X-Empty", ""}, {"x-CASE", "kept"}}));
  EXPECT_EQ(parsed.head.content_type, "text/plain");
  EXPECT_EQ(parsed.faults, Faulty{});
}

TEST(Http1Message, FieldsThatBreakRules) {
  EXPECT_EQ(parse(Kind::response, "HTTP/1.1 200 OK\nA: b\r\n\r\n").faults, Faulty{"bare_lf"});
  EXPECT_EQ(response("HTTP/1.1 200 OK", "A: b\rC: d\r\n").faults, Faulty{"bare_cr"});
  EXPECT_EQ(response("HTTP/1.1 200 OK", "A : b\r\n").faults, Faulty{"space_before_colon"});
  EXPECT_EQ(response("HTTP/1.1 200 OK", "A : b\r\n").fields, (Fields{{"A", "b"}}));
  EXPECT_EQ(response("HTTP/1.1 200 OK", "no colon\r\n").faults, Faulty{"malformed_field"});
  EXPECT_EQ(response("HTTP/1.1 200 OK", "A(b): c\r\n").faults, Faulty{"malformed_field"});
  EXPECT_EQ(response("HTTP/1.1 200 OK", ": c\r\n").faults, Faulty{"malformed_field"});
  EXPECT_EQ(response("HTTP/1.1 200 OK", std::string("A: b\0c\r\n", 8)).faults,
            Faulty{"control_character"});
  EXPECT_EQ(response("HTTP/1.1 200 OK", "A: b\x7f\r\n").faults, Faulty{"control_character"});
  const Parsed folded = response("HTTP/1.1 200 OK", "A: one,\r\n  two,\n\tthree\r\nB: c\r\n");
  EXPECT_EQ(folded.fields, (Fields{{"A", "one,    two, \tthree"}, {"B", "c"}}));
  EXPECT_EQ(folded.faults, Faulty{"obs_fold"});
  std::string many;
  for (int i = 0; i < 300; ++i) many += "F" + std::to_string(i) + ": x\r\n";
  const Parsed full = response("HTTP/1.1 200 OK", many + "Content-Length: 7\r\n");
  EXPECT_EQ(full.fields.size(), kMaxFields);
  EXPECT_EQ(full.head.length, 7u);  // read for framing all the same
  EXPECT_EQ(full.faults, Faulty{"many_fields"});
}

struct FramingCase {
  const char* fields;
  Framing::Body request;
  Framing::Body response;
  std::uint64_t length;
  Faulty faults;
};
using Body = Framing::Body;

TEST(Http1Message, FramingAsRfc9112Section6Says) {
  const FramingCase cases[] = {
      {"", Body::none, Body::close, 0, {}},
      {"Content-Length: 42\r\n", Body::length, Body::length, 42, {}},
      {"Content-Length: 0042\r\n", Body::length, Body::length, 42, {}},
      {"Content-Length: 42, 42\r\n", Body::length, Body::length, 42, {"repeated_length"}},
      {"Content-Length: 5\r\nContent-Length: 5\r\n",
       Body::length,
       Body::length,
       5,
       {"repeated_length"}},
      {"Content-Length: 5\r\nContent-Length: 6\r\n",
       Body::unknowable,
       Body::unknowable,
       0,
       {"conflicting_lengths"}},
      {"Content-Length: 5, 6\r\n", Body::unknowable, Body::unknowable, 0, {"conflicting_lengths"}},
      {"Content-Length: -1\r\n", Body::unknowable, Body::unknowable, 0, {"invalid_length"}},
      {"Content-Length: +1\r\n", Body::unknowable, Body::unknowable, 0, {"invalid_length"}},
      {"Content-Length: 0x5\r\n", Body::unknowable, Body::unknowable, 0, {"invalid_length"}},
      {"Content-Length:\r\n", Body::unknowable, Body::unknowable, 0, {"invalid_length"}},
      {"Content-Length: 18446744073709551615\r\n", Body::length, Body::length, ~0ull, {}},
      {"Content-Length: 18446744073709551616\r\n",
       Body::unknowable,
       Body::unknowable,
       0,
       {"invalid_length"}},
      {"Transfer-Encoding: chunked\r\n", Body::chunked, Body::chunked, 0, {}},
      {"Transfer-Encoding: gzip, Chunked\r\n", Body::chunked, Body::chunked, 0, {}},
      {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
       Body::chunked,
       Body::chunked,
       0,
       {}},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
       Body::chunked,
       Body::chunked,
       0,
       {"length_and_coding"}},
      {"Transfer-Encoding: gzip\r\n", Body::unknowable, Body::close, 0, {"coding_not_final"}},
      {"Transfer-Encoding: chunked, gzip\r\n",
       Body::unknowable,
       Body::close,
       0,
       {"coding_not_final"}},
      {"Transfer-Encoding: chunked, chunked\r\n",
       Body::chunked,
       Body::chunked,
       0,
       {"obscured_coding"}},
      {"Transfer-Encoding: xchunked\r\n",
       Body::unknowable,
       Body::close,
       0,
       {"coding_not_final", "obscured_coding"}},
      {"Transfer-Encoding: \"chunked\"\r\n",
       Body::unknowable,
       Body::close,
       0,
       {"coding_not_final", "obscured_coding"}},
      {"Transfer-Encoding : chunked\r\n",
       Body::chunked,
       Body::chunked,
       0,
       {"space_before_colon", "obscured_coding"}},
      {"Transfer-Encoding:\r\n chunked\r\n", Body::chunked, Body::chunked, 0, {"obs_fold"}},
      {"Transfer-Encoding: \x0b"
       "chunked\r\n",
       Body::unknowable,
       Body::close,
       0,
       {"control_character", "coding_not_final", "obscured_coding"}},
      {"Transfer-Encoding: ,chunked\r\n", Body::chunked, Body::chunked, 0, {"obscured_coding"}},
  };
  for (const FramingCase& each : cases) {
    const Parsed asked = request("POST / HTTP/1.1", std::string("Host: a\r\n") + each.fields);
    const Parsed answered = response("HTTP/1.1 200 OK", each.fields);
    EXPECT_EQ(framing_of_request(asked.head).body, each.request) << each.fields;
    EXPECT_EQ(framing_of_request(asked.head).length, each.length) << each.fields;
    EXPECT_EQ(framing_of_response(answered.head, "GET").body, each.response) << each.fields;
    EXPECT_EQ(asked.faults, each.faults) << each.fields;
    EXPECT_EQ(framing_of_response(answered.head, "HEAD").body, Body::none) << each.fields;
  }
  EXPECT_EQ(request("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n").faults,
            Faulty{"coding_in_1_0"});
  for (const char* status : {"100 x", "101 x", "204 x", "304 x"}) {
    const Parsed empty = response(std::string("HTTP/1.1 ") + status, "Content-Length: 5\r\n");
    EXPECT_EQ(framing_of_response(empty.head, "GET").body, Body::none) << status;
  }
  const Parsed tunnel = response("HTTP/1.1 200 OK", "Content-Length: 5\r\n");
  EXPECT_EQ(framing_of_response(tunnel.head, "CONNECT").body, Body::none);
  EXPECT_TRUE(leaves_http(tunnel.head, "CONNECT"));
  EXPECT_FALSE(leaves_http(tunnel.head, "GET"));
}

TEST(Http1Message, MarksOfATextInEveryPlace) {
  for (std::size_t size : {1u, 2u, 63u, 64u, 65u, 127u, 128u, 129u, 200u}) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      const TextMarks plain(text);
      EXPECT_FALSE(plain.control() || plain.bare_cr());
      EXPECT_EQ(plain.line_end(at), size);
      EXPECT_EQ(plain.name_end(at), size);
      text[at] = '\x01';
      EXPECT_TRUE(TextMarks(text).control()) << size << ' ' << at;
      text[at] = '\r';
      EXPECT_EQ(TextMarks(text).bare_cr(), at + 1 < size) << size << ' ' << at;
      if (at + 1 < size) text[at + 1] = '\n';
      EXPECT_FALSE(TextMarks(text).bare_cr()) << size << ' ' << at;
      text[at] = '\n';
      const TextMarks marks(text);
      EXPECT_EQ(marks.lines(), at + 1 < size ? 2u : 1u) << size << ' ' << at;
      EXPECT_EQ(marks.line_end(0), at) << size;
      EXPECT_EQ(marks.line_end(at), at) << size;
      EXPECT_EQ(marks.line_end(std::min(at + 2, size)), size) << at;
    }
  }
}

TEST(Http1Message, NamesEndBehindLettersDigitsAndDashes) {
  for (int c = 0; c < 256; ++c) {
    const bool in_name =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    for (const std::size_t at : {0u, 31u, 32u, 63u, 64u, 99u}) {
      std::string text(100, 'n');
      text[at] = static_cast<char>(c);
      EXPECT_EQ(TextMarks(text).name_end(0), in_name ? 100 : at) << c;
    }
  }
  const TextMarks longest(std::string(kMaxHead, 'n'));
  EXPECT_EQ(longest.name_end(0), kMaxHead);
  EXPECT_EQ(longest.line_end(kMaxHead), kMaxHead);
  EXPECT_EQ(TextMarks("").line_end(0), 0u);
}

struct ProbeCase {
  const char* bytes;
  Fit fit;
};

TEST(Http1Message, ProbesByItsBytes) {
  const ProbeCase cases[] = {
      {"G", Fit::unsure},
      {"GET ", Fit::unsure},
      {"GET /", Fit::certain},
      {"\r\nPOST /", Fit::certain},
      {"OPTIONS * HTTP/1.1\r\n", Fit::certain},
      {"CONNECT a:443 HT", Fit::unsure},
      {"CONNECT a:443 HTTP/1.1\r\n", Fit::certain},
      {"GET http://a/ HTTP/1.0\n", Fit::certain},
      {"FROBNICATE /x HTTP/1.1\r\n", Fit::certain},
      {"FROBNICATE /x", Fit::unsure},
      {"OPTIONS sip:a@b SIP/2.0\r\n", Fit::no},
      {"PRI * HTTP/2.0\r\n", Fit::no},
      {"GET key\r\n", Fit::no},
      {"HTTP/1.1 200", Fit::certain},
      {"HTTP/1.1 2", Fit::unsure},
      {"HTTP/1.1\r\nHost", Fit::no},
      {"HTTP/2 200", Fit::no},
      {"\x16\x03\x01", Fit::no},
      {"220 mail.test ESMTP\r\n", Fit::no},
      {"SSH-2.0-OpenSSH_9.2\r\n", Fit::no},
      {"EHLO a\r\n", Fit::no},
      {"abcdefghijklmnopqrstuvwxyzabcdefghijkl", Fit::no},
  };
  for (const ProbeCase& each : cases) {
    EXPECT_EQ(probe(Direction::from_client, as_bytes(each.bytes)), each.fit) << each.bytes;
  }
}

}  // namespace
}  // namespace wirelens::http1

// cli/options_test.cc - what options mean, and what is said when they are wrong.
#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/nearest.h"
#include "cli/values.h"
#include "report/wire_text.h"
#include "support/scratch_file.h"

namespace wirelens {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

std::string analyze_error(const Words& words) {
  auto options = parse_analyze(words);
  return options ? std::string("accepted") : options.error().message;
}

TEST(Values, Sizes) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64K"), 65536u);
  EXPECT_EQ(parse_size("1.5m"), 1572864u);
  EXPECT_EQ(parse_size("2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_size("1TB"), std::uint64_t{1} << 40);
  for (const char* wrong :
       {"", "G", "-1", "1X", "1GX", "1 G", "0", "1e30", "nan", "inf", "99999999T"}) {
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
  }
}

TEST(Values, Counts) {
  EXPECT_EQ(parse_count("12", 1, 12), 12u);
  for (const char* wrong : {"", "0", "13", "-1", "+1", "1 ", "0x1", "99999999999999999999"}) {
    EXPECT_EQ(parse_count(wrong, 1, 12), std::nullopt) << wrong;
  }
}

TEST(Values, Seconds) {
  EXPECT_EQ(parse_seconds("60", false), std::chrono::seconds(60));
  EXPECT_EQ(parse_seconds("0.25", false), std::chrono::milliseconds(250));
  EXPECT_EQ(parse_seconds("0", true), Duration::zero());
  for (const char* wrong : {"", "0", "-1", "1s", "nan", "1e99", "99999999999"}) {
    EXPECT_EQ(parse_seconds(wrong, false), std::nullopt) << wrong;
  }
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::string_view words[] = {"write", "filter", "threads", "help"};
  EXPECT_EQ(nearest("wirte", words), "write");
  EXPECT_EQ(nearest("thread", words), "threads");
  EXPECT_EQ(nearest("fil", words), "filter");
  EXPECT_EQ(nearest("zzzzzzz", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
  EXPECT_EQ(nearest(std::string(1'000'000, 'w'), words), std::nullopt);
}

TEST(Options, Defaults) {
  const Words words = {"a.pcap", "-"};
  auto options = parse_analyze(words);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->files, words);
  ASSERT_EQ(options->run.writes.size(), 1u);
  EXPECT_EQ(options->run.writes[0].format, "text");
  EXPECT_EQ(options->run.writes[0].path, "-");
  EXPECT_EQ(options->run.engine.max_memory, std::size_t{1} << 30);
  EXPECT_EQ(options->run.engine.time_wait, std::chrono::seconds(60));
  EXPECT_GE(options->run.engine.threads, 1u);
  EXPECT_FALSE(options->use_libpcap);
}

TEST(Options, AllOfThem) {
  const Words words = {"-w",
                       "ndjson=-",
                       "--write=text=r.txt",
                       "-f",
                       "tcp port 80",
                       "-j2",
                       "--max-memory=256M",
                       "--time-wait",
                       "30",
                       "--bodies",
                       "100",
                       "--show-secrets",
                       "-qv",
                       "--reader",
                       "libpcap",
                       "a.pcap"};
  auto options = parse_analyze(words);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->run.writes[0].path, "-");
  EXPECT_EQ(options->run.writes[1].path, "r.txt");
  EXPECT_EQ(options->run.filter, "tcp port 80");
  EXPECT_EQ(options->run.engine.threads, 2u);
  EXPECT_EQ(options->run.engine.max_memory, std::size_t{256} << 20);
  EXPECT_EQ(options->run.engine.time_wait, std::chrono::seconds(30));
  EXPECT_EQ(options->run.engine.bodies, 100u);
  EXPECT_TRUE(options->run.engine.show_secrets);
  EXPECT_TRUE(options->run.quiet);
  EXPECT_TRUE(options->run.verbose);
  EXPECT_TRUE(options->use_libpcap);
}

TEST(Options, ComplainsByName) {
  EXPECT_EQ(analyze_error({"--wirte", "x", "a"}), "unknown option --wirte: did you mean --write?");
  EXPECT_EQ(analyze_error({"--thread=2", "a"}), "unknown option --thread: did you mean --threads?");
  EXPECT_EQ(analyze_error({"--zzzzzzzz", "a"}),
            "unknown option --zzzzzzzz: see wirelens analyze --help");
  EXPECT_EQ(analyze_error({"-i", "eth0"}), "unknown option -i: it belongs to wirelens live");
  EXPECT_EQ(analyze_error({"-W", "text=-", "a"}), "unknown option -W: did you mean -w?");
  EXPECT_THAT(analyze_error({}), HasSubstr("needs a FILE"));
  EXPECT_THAT(analyze_error({"-", "-"}), HasSubstr("more than once"));
  EXPECT_THAT(analyze_error({"-j", "0", "a"}), HasSubstr("--threads 0"));
  EXPECT_THAT(analyze_error({"-j"}), HasSubstr("--threads"));
  EXPECT_THAT(analyze_error({"-j", "1", "-j", "2", "a"}), HasSubstr("--threads"));
  EXPECT_THAT(analyze_error({"--max-memory", "lots", "a"}), HasSubstr("--max-memory lots"));
  EXPECT_THAT(analyze_error({"--max-memory", "1K", "a"}), HasSubstr("--max-memory 1K"));
  EXPECT_THAT(analyze_error({"--time-wait", "x", "a"}), HasSubstr("--time-wait x"));
  EXPECT_THAT(analyze_error({"--bodies", "-1", "a"}), HasSubstr("bodies"));
  EXPECT_THAT(analyze_error({"--reader", "magic", "a"}), HasSubstr("--reader magic"));
  EXPECT_THAT(analyze_error({"--quiet=3", "a"}), HasSubstr("--quiet"));
}

TEST(Options, FiltersAreCheckedBeforeAnythingIsOpened) {
  EXPECT_THAT(analyze_error({"-f", "tcp prot 80", "a"}), HasSubstr("--filter tcp prot 80: "));
  EXPECT_THAT(analyze_error({"-f", "host www.example.test", "a"}), HasSubstr("--filter host"));
  for (const char* right : {"tcp port 80", "vlan and host 10.0.0.1", "type mgt", ""}) {
    EXPECT_EQ(analyze_error({"-f", right, "a"}), "accepted") << right;
  }
}

TEST(Options, Writes) {
  EXPECT_THAT(analyze_error({"-w", "xml=x", "a"}), HasSubstr("there are text, ndjson"));
  EXPECT_THAT(analyze_error({"-w", "ndjsno=x", "a"}), HasSubstr("did you mean ndjson?"));
  EXPECT_THAT(analyze_error({"-w", "ndjson", "a"}), HasSubstr("ndjson=PATH"));
  EXPECT_THAT(analyze_error({"-w", "ndjson=", "a"}), HasSubstr("ndjson=PATH"));
  EXPECT_THAT(analyze_error({"-w", "ndjson=-", "-w", "text=-", "a"}), HasSubstr("taken already"));
  EXPECT_THAT(analyze_error({"-w", "ndjson=x", "-w", "text=x", "a"}), HasSubstr("already"));
}

TEST(Options, ConfigFile) {
  const ScratchFile file("# ours\nthreads = 3\nquiet = true\nduration = 5\nwrite = ndjson=x\n");
  auto options = parse_analyze(Words{"--config", file.path(), "a"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->run.engine.threads, 3u);
  EXPECT_TRUE(options->run.quiet);
  EXPECT_EQ(options->run.writes[0].path, "x");
  auto both = parse_analyze(Words{"--config", file.path(), "-j", "1", "-w", "text=-", "a"});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->run.engine.threads, 1u);
  EXPECT_EQ(both->run.writes[0].format, "text");
}

TEST(Options, ConfigFileMistakes) {
  const ScratchFile unknown("thraeds = 3\n");
  EXPECT_THAT(analyze_error({"--config", unknown.path(), "a"}),
              HasSubstr("did you mean --threads?"));
  const ScratchFile garbled("threads\n");
  EXPECT_THAT(analyze_error({"--config", garbled.path(), "a"}), HasSubstr("--config"));
  EXPECT_THAT(analyze_error({"--config", "/no/such/file", "a"}), HasSubstr("cannot read"));
}

TEST(Options, Live) {
  const Words words = {"-i",        "eth0", "--duration", "1.5", "--count", "10",
                       "--snaplen", "256",  "--buffer",   "8M",  "-f",      "udp"};
  auto options = parse_live(words);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->live.interface, "eth0");
  EXPECT_EQ(options->live.duration, std::chrono::milliseconds(1500));
  EXPECT_EQ(options->live.count, 10u);
  EXPECT_EQ(options->live.snaplen, 256u);
  EXPECT_EQ(options->live.buffer_bytes, std::size_t{8} << 20);
  EXPECT_EQ(options->live.filter, "udp");
  EXPECT_THAT(parse_live(Words{}).error().message, HasSubstr("-i IFACE"));
  EXPECT_THAT(parse_live(Words{"-i", "a", "b"}).error().message, HasSubstr("'b'"));
  EXPECT_THAT(parse_live(Words{"-i", "a", "--count", "0"}).error().message, HasSubstr("--count 0"));
}

TEST(Options, HelpFits80Columns) {
  for (const Grammar* grammar :
       {&kAnalyzeGrammar, &kLiveGrammar, &kSchemaGrammar, &kInterfacesGrammar}) {
    const std::string help = help_text(*grammar);
    for (std::size_t at = 0; at < help.size();) {
      const std::size_t end = help.find('\n', at);
      ASSERT_NE(end, std::string::npos);
      EXPECT_LE(display_width(help.substr(at, end - at)), 80u) << help.substr(at, end - at);
      at = end + 1;
    }
    EXPECT_THAT(help, HasSubstr("examples:"));
  }
}

TEST(Options, OfTlsNameFilesThatHoldWhatTheyShould) {
  const ScratchFile junk("nothing of the kind\n");
  const ScratchFile log("CLIENT_RANDOM " + std::string(64, '1') + " " + std::string(96, '2'));
  auto options = parse_analyze(Words{"--keylog", log.path(), "x.pcap"});
  ASSERT_TRUE(options) << options.error().message;
  ASSERT_NE(options->run.engine.key_log, nullptr);
  EXPECT_EQ(options->run.engine.key_log->tally().secrets, 1u);
  EXPECT_THAT(analyze_error({"--keylog", "/nowhere/keys", "x.pcap"}),
              HasSubstr("--keylog: cannot read /nowhere/keys"));
  EXPECT_THAT(analyze_error({"--tls-key", junk.path(), "x.pcap"}), HasSubstr("--tls-key"));
  EXPECT_THAT(analyze_error({"--ca-file", junk.path(), "x.pcap"}), HasSubstr("no certificate"));
  EXPECT_THAT(analyze_error({"--ca-file", "/nowhere/ca.pem", "x.pcap"}),
              HasSubstr("cannot be read"));
  auto live = parse_live(Words{"-i", "lo", "--keylog", "/nowhere/yet"});
  ASSERT_TRUE(live) << "a live key log may come later";
  EXPECT_EQ(live->run.engine.growing_key_log, "/nowhere/yet");
}

}  // namespace
}  // namespace wirelens

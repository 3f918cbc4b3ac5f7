# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
#
# REVIEWED, NOT RUN: there was no Homebrew to try it with. For a tap: url and sha256 are those of the archive for npm of a
# release (SHA256SUMS); Homebrew's node must be 26 or newer.
class Sentrypeer < Formula
  desc "SIP honeypot and fraud detection for telephone systems"
  homepage "https://sentrypeer.org"
  url "https://example.invalid/sentrypeer-0.1.0.tgz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["GPL-2.0-only", "GPL-3.0-only"]

  depends_on "node"

  def install
    libexec.install Dir["*"]
    (bin/"sentrypeer").write <<~SH
      #!/bin/sh
      exec "#{Formula["node"].opt_bin}/node" "#{libexec}/main.js" "$@"
    SH
    generate_completions_from_executable(bin/"sentrypeer", "completion")
  end

  service do
    run [opt_bin/"sentrypeer", "--responsive", "--api"]
    working_dir var/"lib/sentrypeer"
    keep_alive true
    log_path var/"log/sentrypeer.log"
    error_log_path var/"log/sentrypeer.log"
  end

  def post_install
    (var/"lib/sentrypeer").mkpath
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/sentrypeer --version")
  end
end

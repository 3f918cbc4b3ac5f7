// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** What a node shows before anything has come. */
export function FirstSteps() {
  return (
    <div class="first-steps">
      <h1>Nothing came yet</h1>
      <p>The node is listening. The first message appears here the moment it comes.</p>
      <ol>
        <li>
          <strong>Try it from this machine.</strong> Any SIP message will do:
          <pre>
            <code>
              printf 'OPTIONS sip:100@127.0.0.1 SIP/2.0\r\n\r\n' | nc -u -w1 127.0.0.1 5060
            </code>
          </pre>
        </li>
        <WaysIn />
      </ol>
      <p>
        What the node answers others is in its <a href="/docs">list of operations</a>; whether all
        of it works says <a href="/readyz">/readyz</a>.
      </p>
    </div>
  );
}

/** How the internet reaches the node, as steps of a list. */
export function WaysIn() {
  return (
    <>
      <li>
        <strong>Let the internet reach it.</strong> Open port 5060 for UDP and TCP, and 5061 for
        TCP, or those that you chose, in the firewall of this machine, and forward them from your
        router if there is one. Scanners usually find a new address within a day.
      </li>
      <li>
        <strong>Ask from outside.</strong> A node cannot see itself as others do. From another
        network:
        <pre>
          <code>nmap -sU -p 5060 --script sip-methods YOUR-ADDRESS</code>
        </pre>
      </li>
    </>
  );
}

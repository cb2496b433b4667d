using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Saga.Tests.Support;

/// <summary>A mail server that keeps what it is given, and refuses what the test says.</summary>
public sealed class MailSink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly List<SunkMail> mails = [];
    private readonly Func<string, string?> answer;
    private readonly Task accepting;

    /// <param name="answer">A reply to a command of the client (or to <c>.</c>, the end of a mail), or null for the usual one; empty to say nothing at all.</param>
    public MailSink(Func<string, string?>? answer = null)
    {
        this.answer = answer ?? (_ => null);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public IReadOnlyList<SunkMail> Mails
    {
        get
        {
            lock (mails)
                return [.. mails];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
                sessions.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.UTF8);
                await using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
                await writer.WriteLineAsync("220 sink");
                var recipients = new List<string>();
                while (await reader.ReadLineAsync(stop.Token) is { } line)
                {
                    var text = line == "DATA" ? null : answer(line);
                    if (text is { Length: > 0 } or null)
                        await writer.WriteLineAsync(text ?? Usual(line));
                    if (line.StartsWith("RCPT TO:", StringComparison.Ordinal))
                        recipients.Add(line["RCPT TO:".Length..].Trim('<', '>', ' '));
                    if (line == "DATA")
                        await TakeAsync(reader, writer, [.. recipients]);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The client, or the test, has gone.
        }
    }

    private async Task TakeAsync(StreamReader reader, StreamWriter writer, string[] recipients)
    {
        var source = new StringBuilder();
        while (await reader.ReadLineAsync(stop.Token) is { } line && line != ".")
            source.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        if (answer(".") is { } refused)
        {
            await writer.WriteLineAsync(refused);
            return;
        }

        lock (mails)
            mails.Add(new SunkMail(recipients, source.ToString()));
        await writer.WriteLineAsync("250 kept");
    }

    private static string Usual(string line) => line.Split(' ', ':')[0].ToUpper(CultureInfo.InvariantCulture) switch
    {
        "EHLO" => "250-sink\r\n250 AUTH LOGIN",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        "AUTH" => "334 VXNlcm5hbWU6",
        _ => "250 ok",
    };
}

/// <param name="Recipients">Of the envelope.</param>
/// <param name="Source">Headers and body, as they came.</param>
public sealed record SunkMail(IReadOnlyList<string> Recipients, string Source)
{
    private string[] Unfolded => Source.Split("\r\n\r\n", 2)[0].Replace("\r\n ", " ", StringComparison.Ordinal).Split("\r\n");

    /// <summary>All headers of the name, in any case, with encoded words opened.</summary>
    public IReadOnlyList<string> Headers(string name) =>
    [
        .. Unfolded.Where(h => h.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            .Select(h => System.Net.Mail.Attachment.CreateAttachmentFromString("", h[(name.Length + 1)..].Trim()).Name ?? ""),
    ];

    /// <summary>The parts in order, decoded.</summary>
    public IReadOnlyList<string> Parts => [.. Source.Split("\r\n--").Skip(1).Where(p => p.Contains("\r\n\r\n", StringComparison.Ordinal)).Select(Decode)];

    private static string Decode(string part)
    {
        var (head, body) = (part.Split("\r\n\r\n", 2)[0], part.Split("\r\n\r\n", 2)[1]);
        if (head.Contains("base64", StringComparison.OrdinalIgnoreCase))
            return Encoding.UTF8.GetString(Convert.FromBase64String(body.ReplaceLineEndings("")));
        if (!head.Contains("quoted-printable", StringComparison.OrdinalIgnoreCase))
            return body;
        var joined = body.Replace("=\r\n", "", StringComparison.Ordinal);
        var bytes = new List<byte>();
        for (var i = 0; i < joined.Length; i++)
        {
            if (joined[i] == '=' && i + 2 < joined.Length)
            {
                bytes.Add(Convert.ToByte(joined.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes([joined[i]]));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}

using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MimeKit;

namespace Saga.Tests.Support;

/// <summary>A mail server that stores mails, and refuses what the test specifies.</summary>
public sealed class MailSink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly List<SunkMail> mails = [];
    private readonly Func<string, string?> answer;
    private readonly X509Certificate2? certificate;
    private readonly bool tlsAtOnce;
    private readonly Task accepting;

    /// <param name="answer">Returns the reply to a client's command (or to <c>.</c>, the end of a mail); null for the default reply, empty for no reply.</param>
    /// <param name="certificate">The certificate for STARTTLS, which is offered if it is given.</param>
    /// <param name="tlsAtOnce">Whether to start with TLS instead.</param>
    public MailSink(Func<string, string?>? answer = null, X509Certificate2? certificate = null, bool tlsAtOnce = false)
    {
        (this.certificate, this.tlsAtOnce) = (certificate, tlsAtOnce);
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
        await accepting;
        listener.Stop();
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
                Stream stream = client.GetStream();
                if (tlsAtOnce)
                    stream = await SecureAsync(stream);
                await using var end = stream;
                await TalkAsync(stream, greet: true);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or AuthenticationException)
        {
            // The client has disconnected, or the test is over.
        }
    }

    private async Task<Stream> SecureAsync(Stream stream)
    {
        var secure = new SslStream(stream);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop.Token);
        return secure;
    }

    private async Task TalkAsync(Stream stream, bool greet)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\r\n", AutoFlush = true };
        if (greet)
            await writer.WriteLineAsync("220 sink");
        var recipients = new List<string>();
        while (await reader.ReadLineAsync(stop.Token) is { } line)
        {
            if (line == "STARTTLS" && certificate is not null)
            {
                await writer.WriteLineAsync("220 go on");
                await TalkAsync(await SecureAsync(stream), greet: false);
                return;
            }

            var text = line == "DATA" ? null : answer(line);
            if (text is { Length: > 0 } or null)
                await writer.WriteLineAsync(text ?? Usual(line));
            if (line.StartsWith("RCPT TO:", StringComparison.Ordinal))
                recipients.Add(line["RCPT TO:".Length..].Split(' ')[0].Trim('<', '>'));
            if (line == "DATA")
                await TakeAsync(reader, writer, [.. recipients]);
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

    private string Usual(string line) => line.Split(' ', ':')[0].ToUpper(CultureInfo.InvariantCulture) switch
    {
        "EHLO" => certificate is null ? "250-sink\r\n250 AUTH LOGIN" : "250-sink\r\n250-STARTTLS\r\n250 AUTH LOGIN",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        "AUTH" => "334 VXNlcm5hbWU6",
        _ => "250 ok",
    };
}

/// <param name="Recipients">The envelope's recipients.</param>
/// <param name="Source">Headers and body, unchanged.</param>
public sealed record SunkMail(IReadOnlyList<string> Recipients, string Source)
{
    private readonly MimeMessage message = MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(Source)));

    /// <summary>All headers with the name, ignoring case, with encoded words decoded.</summary>
    public IReadOnlyList<string> Headers(string name) =>
        [.. message.Headers.Where(h => h.Field.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value)];

    /// <summary>The parts in order, decoded.</summary>
    public IReadOnlyList<string> Parts => [.. message.BodyParts.OfType<TextPart>().Select(p => p.Text)];
}

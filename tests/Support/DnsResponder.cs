using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Saga.Tests.Support;

/// <summary>A small DNS server for TXT records, over UDP and TCP on one port of this machine.</summary>
public sealed class DnsResponder : IAsyncDisposable
{
    private const int Txt = 16, Cname = 5, UdpLimit = 512;
    private readonly UdpClient udp;
    private readonly TcpListener tcp;
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;

    private DnsResponder(UdpClient udp, TcpListener tcp)
    {
        (this.udp, this.tcp) = (udp, tcp);
        serving = Task.WhenAll(ServeUdpAsync(), ServeTcpAsync());
    }

    /// <summary>Texts by name, in lower case. Each text is one record.</summary>
    public ConcurrentDictionary<string, string[]> Records { get; } = new(StringComparer.OrdinalIgnoreCase);

    public ConcurrentDictionary<string, string> Aliases { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The code of every answer; null to answer by the records, -1 to say nothing.</summary>
    public int? Code { get; set; }

    /// <summary>The questions that came over TCP.</summary>
    public int OverTcp { get; private set; }

    public string Address => udp.Client.LocalEndPoint!.ToString()!;

    public static DnsResponder Start()
    {
        while (true)
        {
            var datagrams = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
            var streams = new TcpListener((IPEndPoint)datagrams.Client.LocalEndPoint!);
            try
            {
                streams.Start();
                return new DnsResponder(datagrams, streams);
            }
            catch (SocketException)
            {
                // Another program has the TCP port of this number.
                datagrams.Dispose();
                streams.Dispose();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        udp.Dispose();
        tcp.Dispose();
        stop.Dispose();
    }

    private async Task ServeUdpAsync()
    {
        try
        {
            while (true)
            {
                var question = await udp.ReceiveAsync(stop.Token);
                var answer = Answer(question.Buffer);
                if (answer.Length > UdpLimit)
                    answer = Head(question.Buffer, 0x8380, 0);
                if (answer.Length > 0)
                    await udp.SendAsync(answer, question.RemoteEndPoint, stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeTcpAsync()
    {
        try
        {
            while (true)
            {
                using var client = await tcp.AcceptTcpClientAsync(stop.Token);
                var stream = client.GetStream();
                var length = new byte[2];
                await stream.ReadExactlyAsync(length, stop.Token);
                var question = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(question, stop.Token);
                OverTcp++;
                var answer = Answer(question);
                await stream.WriteAsync((byte[])[(byte)(answer.Length >> 8), (byte)answer.Length, .. answer], stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private byte[] Answer(byte[] question)
    {
        if (Code is { } code)
            return code < 0 ? [] : Head(question, 0x8180 | code, 0);
        var name = NameOf(question);
        var records = new List<byte>();
        var count = 0;
        if (Aliases.TryGetValue(name, out var target))
        {
            Add(name, Cname, Encode(target));
            name = target;
        }

        if (!Records.TryGetValue(name, out var texts))
            return Head(question, count > 0 ? 0x8180 : 0x8183, count, records);
        foreach (var text in texts)
            Add(name, Txt, [.. Encoding.UTF8.GetBytes(text).Chunk(255).SelectMany(c => (byte[])[(byte)c.Length, .. c])]);
        return Head(question, 0x8180, count, records);

        void Add(string owner, int type, byte[] data)
        {
            records.AddRange([.. Encode(owner), 0, (byte)type, 0, 1, 0, 0, 0, 60, (byte)(data.Length >> 8), (byte)data.Length, .. data]);
            count++;
        }
    }

    // The header and the question, without what may follow it in the request, then the answers.
    private static byte[] Head(byte[] question, int flags, int answers, IEnumerable<byte>? records = null) =>
        [question[0], question[1], (byte)(flags >> 8), (byte)flags, 0, 1, 0, (byte)answers, 0, 0, 0, 0, .. question[12..EndOfQuestion(question)], .. records ?? []];

    private static int EndOfQuestion(byte[] question)
    {
        var at = 12;
        while (question[at] != 0)
            at += question[at] + 1;
        return at + 5;
    }

    private static string NameOf(byte[] question)
    {
        var labels = new List<string>();
        for (var at = 12; question[at] != 0; at += question[at] + 1)
            labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
        return string.Join('.', labels);
    }

    private static byte[] Encode(string name) => [.. name.Split('.').SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0];
}

using Saga.Contracts.Failures;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using StackExchange.Redis;
using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Saga.Workers.Verification;

/// <summary>
/// A short connection that signs in with a user's name and password, which the Redis client used elsewhere cannot.
/// One command at a time, answers of one value.
/// </summary>
internal sealed class RedisSession : IAsyncDisposable
{
    private readonly TcpClient tcp = new() { NoDelay = true };
    private readonly TimeSpan limit;
    private Stream stream = Stream.Null;
    private PipeReader reader = PipeReader.Create(Stream.Null);

    private RedisSession(TimeSpan limit) => this.limit = limit;

    /// <exception cref="CacheException">The server cannot be reached, or refuses the credential.</exception>
    public static async Task<RedisSession> OpenAsync(RedisOptions options, Credential credential, CancellationToken cancellationToken)
    {
        var session = new RedisSession(TimeSpan.FromSeconds(options.TimeoutSeconds));
        try
        {
            var server = ConfigurationOptions.Parse(options.ConnectionString);
            await session.GuardAsync(token => session.ConnectAsync(server, token), cancellationToken);
            var reply = await session.SendAsync(["AUTH", credential.Username, credential.Password], cancellationToken);
            return reply.IsError
                ? throw new CacheException("redis-sign-in-refused", $"Redis refused the tenant's user '{credential.Username}'.", FailureKind.Permanent)
                : session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="CacheException">The connection broke, or the answer takes too long.</exception>
    public async Task<RedisReply> SendAsync(string[] command, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"*{command.Length}\r\n"));
        foreach (var part in command)
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
        return await GuardAsync(
            async token =>
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), token);
                var head = await LineAsync(token);
                return head[0] switch
                {
                    '-' => new RedisReply(head[1..], IsError: true),
                    '$' => new RedisReply(await BulkAsync(int.Parse(head.AsSpan(1), CultureInfo.InvariantCulture), token), IsError: false),
                    '+' or ':' => new RedisReply(head[1..], IsError: false),
                    // A list: that it is given is all that matters here, and it is the last that this session reads.
                    '*' => new RedisReply("a list", IsError: false),
                    _ => throw new IOException($"an answer begins with '{head[0]}'"),
                };
            },
            cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        tcp.Dispose();
    }

    private async Task<bool> ConnectAsync(ConfigurationOptions server, CancellationToken cancellationToken)
    {
        var (host, port) = server.EndPoints[0] switch
        {
            DnsEndPoint dns => (dns.Host, dns.Port),
            IPEndPoint ip => (ip.Address.ToString(), ip.Port),
            var other => throw new IOException($"{other} is no address of a Redis server"),
        };
        await tcp.ConnectAsync(host, port == 0 ? 6379 : port, cancellationToken);
        stream = tcp.GetStream();
        if (server.Ssl)
        {
            var secure = new SslStream(stream);
            stream = secure;
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = server.SslHost ?? host }, cancellationToken);
        }

        reader = PipeReader.Create(stream);
        return true;
    }

    private async Task<string> LineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.UTF8.GetString(read.Buffer.Slice(0, end)).TrimEnd('\r');
                reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line.Length > 0 ? line : throw new IOException("an answer is empty");
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
                throw new IOException("the server closed the connection");
        }
    }

    private async Task<string?> BulkAsync(int length, CancellationToken cancellationToken)
    {
        if (length < 0)
            return null;
        var read = await reader.ReadAtLeastAsync(length + 2, cancellationToken);
        if (read.Buffer.Length < length + 2)
            throw new IOException("the server closed the connection");
        var text = Encoding.UTF8.GetString(read.Buffer.Slice(0, length));
        reader.AdvanceTo(read.Buffer.GetPosition(length + 2));
        return text;
    }

    private async Task<T> GuardAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(limit);
        try
        {
            return await call(bounded.Token);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CacheException("redis-unavailable", $"Redis does not answer within {limit.TotalSeconds} s.", FailureKind.Outage, error);
        }
        catch (Exception error) when (error is IOException or SocketException or AuthenticationException)
        {
            throw new CacheException("redis-unavailable", $"Redis does not answer: {error.Message}", FailureKind.Outage, error);
        }
    }
}

/// <param name="Text">Null for a value that is not there.</param>
/// <param name="IsError">Whether the text is the server's refusal.</param>
internal sealed record RedisReply(string? Text, bool IsError);

using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Saga.Host.Processes;

namespace Saga.Host.Embedded;

/// <summary>
/// A private PostgreSQL cluster in a folder. It is created on first use, starts and stops with this process, and is reachable only
/// from this machine with a generated password. It reads no settings of other programs on this machine.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable, IPrivateServer
{
    private const string Superuser = "saga_admin";
    private static readonly string[] Defaults = ["max_connections=400", "max_wal_size=2GB", "shared_buffers=128MB"];
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(2);
    private readonly PostgresFolder files;
    private readonly PostgresPrograms programs;
    private readonly IReadOnlyList<string> settings;
    private Process process;
    private long logged;
    private volatile bool stopped;

    private PrivatePostgres(PostgresFolder files, PostgresPrograms programs, string password, IReadOnlyList<string> settings)
    {
        this.files = files;
        this.programs = programs;
        this.settings = settings;
        Password = password;
        Port = files.UsualPort();
        process = Serve();
    }

    public int Port { get; }

    public string Password { get; }

    string IPrivateServer.Name => "PostgreSQL";

    string IPrivateServer.LogFile => files.Log;

    /// <summary>The superuser's connection string for a database of this cluster.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = Superuser,
        Password = Password,
        Database = database,
        SslMode = SslMode.Disable,
        IncludeErrorDetail = true,
    }.ConnectionString;

    /// <param name="folder">The cluster's folder; created when missing. When running as root, the user <c>postgres</c> must be able to reach it.</param>
    /// <param name="settings">Server settings (<c>name=value</c>) that override the defaults.</param>
    /// <param name="programFolder">The folder with PostgreSQL's server programs; the newest installed ones when null.</param>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or did not start; the message says what to do.</exception>
    public static async Task<PrivatePostgres> StartAsync(string folder, IReadOnlyList<string>? settings = null, string? programFolder = null, CancellationToken cancellationToken = default)
    {
        MachineSettings.KeepFromClients();
        var installed = programFolder is null ? PostgresPrograms.Find() : new PostgresPrograms(programFolder);
        var place = new PostgresFolder(Path.GetFullPath(folder));
        var password = await place.PrepareAsync(installed, Superuser, cancellationToken);
        var server = new PrivatePostgres(place, installed, password, settings ?? []);
        try
        {
            await server.ReadyAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.StopAsync(immediate: true);
            throw;
        }
    }

    /// <summary>Stops the server like a crash (immediate) or orderly (fast). The next start recovers.</summary>
    public Task StopAsync(bool immediate = false)
    {
        stopped = true;
        return EndAsync(immediate);
    }

    /// <summary>Stops and starts on the same port.</summary>
    public async Task RestartAsync(bool immediate = false)
    {
        await EndAsync(immediate);
        await BeginAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    async Task IPrivateServer.EndsAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken);
        if (stopped)
            await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    async Task IPrivateServer.StartAgainAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(stopped, this);
        await BeginAsync(cancellationToken);
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        // The former server's processes may still be ending.
        await files.PrepareAsync(programs, Superuser, cancellationToken);
        process = Serve();
        await ReadyAsync(cancellationToken);
    }

    private Task EndAsync(bool immediate) => immediate
        ? Signals.EndAsync(process, (Signals.Quit, TimeSpan.FromSeconds(20)), (Signals.Kill, TimeSpan.FromSeconds(5)))
        : Signals.EndAsync(process, (Signals.Interrupt, TimeSpan.FromSeconds(30)), (Signals.Quit, TimeSpan.FromSeconds(20)), (Signals.Kill, TimeSpan.FromSeconds(5)));

    private Process Serve()
    {
        logged = ServerLog.Length(files.Log);
        return programs.Serve(files.Data, files.Log,
            [.. Defaults, .. settings, string.Create(CultureInfo.InvariantCulture, $"port={Port}"), "listen_addresses=127.0.0.1", "unix_socket_directories="]);
    }

    private async Task ReadyAsync(CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); !files.IsReady(process.Id); await Task.Delay(20, cancellationToken))
        {
            if (process.HasExited)
                throw new InvalidOperationException($"PostgreSQL did not start: {ServerLog.CauseSince(files.Log, logged)} Its log is {files.Log}. {files.Remedy}");
            if (waited.Elapsed > StartsWithin)
                throw new InvalidOperationException($"PostgreSQL was not ready within {StartsWithin.TotalSeconds:0} s; its log is {files.Log}.");
        }
    }
}

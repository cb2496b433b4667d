using System.Globalization;
using Saga.Host.Embedded;
using Saga.Host.Processes;

namespace Saga.Host.Local;

/// <summary>An S3 server that persists its objects and supports policies and lifecycles.</summary>
internal sealed class LocalS3 : IAsyncDisposable
{
    private const string AccessKey = "saga";
    private readonly Stack<LocalProcess> running = new();
    private readonly string folder;
    private readonly string secretKey;
    private LocalProcess? daemon;

    private LocalS3(string folder, string secretKey)
    {
        this.folder = folder;
        this.secretKey = secretKey;
    }

    public IReadOnlyCollection<IPrivateServer> Servers => running;

    /// <summary>The S3 adapter's settings for this server.</summary>
    public Dictionary<string, string> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    public static async Task<LocalS3> StartAsync(DataFolder data, CancellationToken cancellationToken)
    {
        var server = new LocalS3(data.Folder("s3"), data.Secret("s3-secret-key", Convert.ToHexStringLower));
        try
        {
            await server.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (running.TryPop(out var process))
            await process.DisposeAsync();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var made = Path.Combine(folder, "made");
        var first = !File.Exists(made);
        if (first)
        {
            await LocalProcess.EndLeftOversAsync(folder);
            // The leftovers of an incomplete first start are not worth keeping.
            Directory.Delete(folder, recursive: true);
            foreach (var part in CephCluster.Folders)
                Directory.CreateDirectory(Path.Combine(folder, part));
        }

        var (id, monitor) = await NoteAsync();
        var port = LocalPorts.Free();
        var cluster = new CephCluster(folder, id, monitor, port);
        cluster.Configure(CephCluster.OnDisk);
        if (first)
        {
            await CephCluster.RunAsync(cluster.MakeMap, cancellationToken);
            await CephCluster.RunAsync(cluster.MakeMonitor, cancellationToken);
        }

        await (await BeginAsync(cluster.Monitor)).ListensAsync(monitor, cancellationToken);
        if (first)
        {
            await CephCluster.RunAsync(cluster.MakeDaemon, cancellationToken);
            await WithDaemonAsync(cluster, CephCluster.RunAsync(cluster.MakeUser(AccessKey, secretKey), cancellationToken), cancellationToken);
            await File.WriteAllTextAsync(made, "", cancellationToken);
        }

        await WithDaemonAsync(cluster, (await BeginAsync(cluster.Gateway)).ListensAsync(port, cancellationToken), cancellationToken);
        Settings["Saga:Storage:S3:ServiceUrl"] = cluster.Url;
        Settings["Saga:Storage:S3:AccessKey"] = AccessKey;
        Settings["Saga:Storage:S3:SecretKey"] = secretKey;
        Settings["Saga:Storage:S3:Bucket"] = "saga";
    }

    private async Task WithDaemonAsync(CephCluster cluster, Task work, CancellationToken cancellationToken)
    {
        do
        {
            if (daemon is null)
                daemon = await BeginAsync(cluster.Daemon);
            else if (daemon.HasExited)
                await daemon.StartAgainAsync(cancellationToken);
            await Task.WhenAny(work, Task.Delay(100, cancellationToken));
        }
        while (!work.IsCompleted);
        await work;
    }

    // The cluster stores its monitor's address, so the port must not change.
    private async Task<(Guid Id, int Monitor)> NoteAsync()
    {
        var note = Path.Combine(folder, "cluster");
        if (!File.Exists(note))
            await File.WriteAllTextAsync(note, string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid()} {LocalPorts.Free()}"));
        var parts = (await File.ReadAllTextAsync(note)).Split(' ');
        return (Guid.Parse(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private async Task<LocalProcess> BeginAsync(string[] command)
    {
        var name = Path.GetFileName(command[0]);
        var process = await LocalProcess.StartAsync(name, Directory.CreateDirectory(Path.Combine(folder, name)).FullName, command);
        running.Push(process);
        return process;
    }
}

using System.Diagnostics;
using System.Globalization;
using Saga.Host.Embedded;
using Saga.Host.Startup;

namespace Saga.Host.Local;

/// <summary>
/// An S3 server that keeps its objects and knows policies and lifecycles: Ceph's gateway over a cluster of one
/// monitor and one daemon with a file.
/// </summary>
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

    /// <summary>What the S3 adapter needs to reach the server.</summary>
    public Dictionary<string, string> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    public static async Task<LocalS3> StartAsync(DataFolder data, CancellationToken cancellation)
    {
        var server = new LocalS3(data.Folder("s3"), data.Secret("s3-secret-key", Convert.ToHexStringLower));
        try
        {
            await server.StartAsync(cancellation);
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

    private string File => Path.Combine(folder, "ceph.conf");

    private async Task StartAsync(CancellationToken cancellation)
    {
        var made = Path.Combine(folder, "made");
        var first = !System.IO.File.Exists(made);
        if (first)
        {
            // What a first start leaves that did not come to its end is not worth keeping.
            Directory.Delete(folder, recursive: true);
            foreach (var part in new[] { "mon", "osd", "rgw", "ceph-mon", "ceph-osd", "radosgw" })
                Directory.CreateDirectory(Path.Combine(folder, part));
        }

        var (cluster, monitor) = await ClusterAsync();
        var port = LocalPorts.Free();
        await OwnerOnlyFile.WriteAsync(File, Configuration(cluster, monitor, port));
        if (first)
        {
            var map = Path.Combine(folder, "monmap");
            await RunAsync(["monmaptool", "--create", "--fsid", cluster, "--addv", "a", string.Create(CultureInfo.InvariantCulture, $"[v1:127.0.0.1:{monitor}]"), map], cancellation);
            await RunAsync(["ceph-mon", "-c", File, "--mkfs", "-i", "a", "--monmap", map], cancellation);
        }

        var mon = await BeginAsync("ceph-mon", "-i", "a");
        await mon.ListensAsync(monitor, cancellation);
        if (first)
            await RunAsync(["ceph-osd", "-c", File, "--mkfs", "-i", "0", "--osd-uuid", Guid.NewGuid().ToString()], cancellation);
        if (first)
        {
            await WithDaemonAsync(RunAsync(
                [
                    "radosgw-admin", "-c", File, "--no-mon-config", "user", "create", "--uid", "saga", "--display-name", "saga", "--max-buckets", "0",
                    "--access-key", AccessKey, "--secret", secretKey,
                ],
                cancellation), cancellation);
            await System.IO.File.WriteAllTextAsync(made, "", cancellation);
        }

        var gateway = await BeginAsync("radosgw", "-n", "client.rgw.a", "--no-mon-config");
        await WithDaemonAsync(gateway.ListensAsync(port, cancellation), cancellation);
        Settings["Saga:Storage:S3:ServiceUrl"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        Settings["Saga:Storage:S3:AccessKey"] = AccessKey;
        Settings["Saga:Storage:S3:SecretKey"] = secretKey;
        Settings["Saga:Storage:S3:Bucket"] = "saga";
    }

    // The daemon may ask the monitor before that has heard of the cluster's id, is refused and ends: it is begun again.
    private async Task WithDaemonAsync(Task work, CancellationToken cancellation)
    {
        do
        {
            if (daemon is not { HasExited: false })
                daemon = await BeginAsync("ceph-osd", "-i", "0");
            await Task.WhenAny(work, Task.Delay(100, cancellation));
        }
        while (!work.IsCompleted);
        await work;
    }

    // The cluster remembers its monitor by address.
    private async Task<(string Cluster, int Monitor)> ClusterAsync()
    {
        var note = Path.Combine(folder, "cluster");
        if (!System.IO.File.Exists(note))
            await System.IO.File.WriteAllTextAsync(note, string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid()} {LocalPorts.Free()}"));
        var parts = (await System.IO.File.ReadAllTextAsync(note)).Split(' ');
        return (parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private async Task<LocalProcess> BeginAsync(string program, params string[] arguments)
    {
        var process = await LocalProcess.StartAsync(program, Path.Combine(folder, program), [program, "-c", File, .. arguments, "-f"]);
        running.Push(process);
        return process;
    }

    private string Configuration(string cluster, int monitor, int port) => string.Create(CultureInfo.InvariantCulture,
        $"""
        [global]
        fsid = {cluster}
        mon host = v1:127.0.0.1:{monitor}/0
        mon initial members = a
        public network = 127.0.0.0/8
        ms bind ipv6 = false
        # One machine, one user, loopback only; the gateway asks for keys.
        auth cluster required = none
        auth service required = none
        auth client required = none
        auth allow insecure global id reclaim = true
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 4
        osd pool default pg autoscale mode = off
        osd crush chooseleaf type = 0
        mon allow pool size one = true
        mon max pg per osd = 1000
        osd objectstore = bluestore
        bluestore block create = true
        # Sparse: it takes what is stored.
        bluestore block size = 107374182400
        admin socket =
        log file = {folder}/$name.log
        mon data = {folder}/mon
        osd data = {folder}/osd
        rgw data = {folder}/rgw
        rgw frontends = beast endpoint=127.0.0.1:{port}
        rgw run sync thread = false

        """);

    private static async Task RunAsync(string[] command, CancellationToken cancellation)
    {
        var program = command[0];
        using var process = Process.Start(new ProcessStartInfo(program, command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })
            ?? throw new StartException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.WaitForExitAsync(cancellation).WaitAsync(TimeSpan.FromMinutes(2), cancellation);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException)
        {
            process.Kill();
            throw;
        }

        if (process.ExitCode != 0)
            throw new StartException($"{program} failed with {process.ExitCode}: {await output} {await errors}");
    }
}

using System.Globalization;
using Saga.Host.Embedded;
using Saga.Host.Processes;
using Saga.Host.Startup;

namespace Saga.Host.Local;

/// <summary>
/// Ceph's S3 gateway on 127.0.0.1 over a cluster of one monitor and one storage daemon: its configuration, and the commands that
/// create and run it, in order. The caller owns the processes.
/// </summary>
/// <param name="folder">The folder for everything; its <see cref="Folders"/> must exist.</param>
/// <param name="id">The cluster's permanent UUID.</param>
/// <param name="monitor">The monitor's port, which the cluster stores.</param>
/// <param name="web">The gateway's port.</param>
public sealed class CephCluster(string folder, Guid id, int monitor, int web)
{
    public static readonly IReadOnlyList<string> Folders = ["mon", "osd", "rgw"];

    /// <summary>Storage on disk, in sparse files that use only as much space as is stored.</summary>
    public static readonly IReadOnlyList<string> OnDisk = ["osd objectstore = bluestore", "bluestore block create = true", "bluestore block size = 107374182400"];

    /// <summary>Storage in memory, lost when the daemon ends.</summary>
    public static readonly IReadOnlyList<string> InMemory = ["osd objectstore = memstore", "memstore device bytes = 4294967296"];

    public string Url { get; } = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{web}");

    public string[] MakeMap => [Program("monmaptool"), "--create", "--fsid", id.ToString(), "--addv", "a", string.Create(CultureInfo.InvariantCulture, $"[v1:127.0.0.1:{monitor}]"), Map];

    public string[] MakeMonitor => [Program("ceph-mon"), "-c", File, "--mkfs", "-i", "a", "--monmap", Map];

    public string[] Monitor => [Program("ceph-mon"), "-c", File, "-i", "a", "-f"];

    public string[] MakeDaemon => [Program("ceph-osd"), "-c", File, "--mkfs", "-i", "0", "--osd-uuid", Guid.NewGuid().ToString()];

    /// <summary>May contact the monitor before the monitor knows the cluster's id. It is then refused and exits: restart it while the others start.</summary>
    public string[] Daemon => [Program("ceph-osd"), "-c", File, "-i", "0", "-f"];

    public string[] Gateway => [Program("radosgw"), "-c", File, "-n", "client.rgw.a", "--no-mon-config", "-f"];

    public string[] MakeUser(string accessKey, string secretKey) =>
    [
        Program("radosgw-admin"), "-c", File, "--no-mon-config", "user", "create", "--uid", "saga", "--display-name", "saga", "--max-buckets", "0",
        "--access-key", accessKey, "--secret", secretKey,
    ];

    public void Configure(IReadOnlyList<string> store) => OwnerOnlyFile.Replace(File,
        $"""
        [global]
        fsid = {id}
        mon host = v1:127.0.0.1:{monitor.ToString(CultureInfo.InvariantCulture)}/0
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
        {string.Join('\n', store)}
        admin socket =
        log file = {folder}/$name.log
        mon data = {folder}/mon
        osd data = {folder}/osd
        rgw data = {folder}/rgw
        rgw frontends = beast endpoint=127.0.0.1:{web.ToString(CultureInfo.InvariantCulture)} tcp_nodelay=1
        rgw run sync thread = false

        """);

    /// <summary>Runs one of the creating commands to completion.</summary>
    /// <exception cref="StartException">It failed; the message says why.</exception>
    public static async Task RunAsync(string[] command, CancellationToken cancellationToken)
    {
        try
        {
            await ChildProcesses.RunAsync(command, "/", cancellationToken: cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new StartException(e.Message);
        }
    }

    private string File => Path.Combine(folder, "ceph.conf");

    private string Map => Path.Combine(folder, "monmap");

    private static string Program(string name) => Programs.Require(name, "radosgw ceph-mon ceph-osd");
}

using System.Diagnostics;
using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;

namespace Saga.Tests.Support;

/// <summary>
/// A real S3 server with versions, uploads in parts, policies and lifecycles: Ceph's gateway over one daemon that
/// keeps its objects in memory. Started on first use and stopped at the end of the process. SAGA_TEST_S3
/// (<c>http://access:secret@host:port</c>) names another server; tests that stop the server need their own.
/// </summary>
public sealed class S3Server
{
    private const string Remedy =
        "install Ceph's gateway (Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd), or set SAGA_TEST_S3=http://access:secret@host:port.";

    private static readonly Lazy<Task<S3Server>> One = new(GetAsync);
    private static int count;
    private readonly ServerProcess? gateway;

    private S3Server(string url, string accessKey, string secretKey, ServerProcess? gateway)
    {
        (Url, AccessKey, SecretKey, this.gateway) = (url, accessKey, secretKey, gateway);
    }

    public string Url { get; }

    public string AccessKey { get; }

    public string SecretKey { get; }

    public static Task<S3Server> SharedAsync() => One.Value;

    /// <summary>A name that no other test uses; the bucket is not made.</summary>
    public static string NewBucket() =>
        string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}-{Interlocked.Increment(ref count)}-{Guid.NewGuid().ToString("n")[..8]}");

    /// <summary>Makes a bucket. The gateway refuses some of those that are made side by side; only making is tried again.</summary>
    public static async Task MakeBucketAsync(AmazonS3Client client, string bucket)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await client.PutBucketAsync(bucket);
                return;
            }
            catch (AmazonS3Exception) when (tries < 10)
            {
                // Refused before anything was made, or made and the answer lost: making it again is right for both.
            }
        }
    }

    public AmazonS3Client Client() => new(
        new BasicAWSCredentials(AccessKey, SecretKey),
        new AmazonS3Config
        {
            ServiceURL = Url,
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    /// <summary>Kills the gateway, as a crash would; what is stored stays.</summary>
    public void Stop() => Gateway.Kill();

    public async Task StartAsync()
    {
        Gateway.Start();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        await Gateway.WaitAsync(() => AnswersAsync(http, Url), TimeSpan.FromSeconds(60));
    }

    private ServerProcess Gateway => gateway ?? throw new InvalidOperationException("The server named by SAGA_TEST_S3 is not the tests' to stop.");

    private static async Task<S3Server> GetAsync()
    {
        if (Environment.GetEnvironmentVariable("SAGA_TEST_S3") is { Length: > 0 } given)
        {
            var url = new Uri(given);
            var user = url.UserInfo.Split(':', 2);
            return new S3Server(url.GetLeftPart(UriPartial.Authority).Replace(url.UserInfo + "@", "", StringComparison.Ordinal), user[0], user[1], null);
        }

        var folder = Path.Combine(Path.GetTempPath(), $"saga-test-s3-{Environment.ProcessId}");
        var names = new[] { "monmaptool", "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin" }.ToDictionary(n => n, n => ServerProcess.Find(n, Remedy));
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        var servers = new List<ServerProcess>();
        AtEnd.Do(() =>
        {
            servers.ForEach(s => s.Kill());
            Directory.Delete(folder, recursive: true);
        });
        foreach (var part in new[] { "mon", "osd", "rgw", "run" })
            Directory.CreateDirectory(Path.Combine(folder, part));
        var (cluster, monitor, web) = (Guid.NewGuid().ToString(), FreePorts.Next(), FreePorts.Next());
        var file = Path.Combine(folder, "ceph.conf");
        await File.WriteAllTextAsync(file, Configuration(folder, cluster, monitor, web));

        await RunAsync(names["monmaptool"], "--create", "--fsid", cluster, "--addv", "a", Line($"[v1:127.0.0.1:{monitor}]"), Path.Combine(folder, "monmap"));
        await RunAsync(names["ceph-mon"], "-c", file, "--mkfs", "-i", "a", "--monmap", Path.Combine(folder, "monmap"));
        Begin(new ServerProcess(names["ceph-mon"], "-c", file, "-i", "a", "-f"));
        await RunAsync(names["ceph-osd"], "-c", file, "--mkfs", "-i", "0", "--osd-uuid", Guid.NewGuid().ToString());
        var daemon = new ServerProcess(names["ceph-osd"], "-c", file, "-i", "0", "-f");
        Begin(daemon);

        const string access = "sagatestaccess", secret = "sagatestsecret";
        // The daemon may ask the monitor before it heard of the cluster's id, is refused ("wrong fsid") and ends.
        await daemon.KeepWhileAsync(RunAsync(
            names["radosgw-admin"], "-c", file, "--no-mon-config", "user", "create", "--uid", "saga", "--display-name", "saga", "--max-buckets", "0",
            "--access-key", access, "--secret", secret));
        var shared = new S3Server(
            Line($"http://127.0.0.1:{web}"), access, secret, new ServerProcess(names["radosgw"], "-c", file, "-n", "client.rgw.a", "--no-mon-config", "-f"));
        servers.Add(shared.gateway!);
        await shared.StartAsync();
        return shared;

        void Begin(ServerProcess server)
        {
            servers.Add(server);
            server.Start();
        }
    }

    private static string Configuration(string folder, string cluster, int monitor, int web) => Line(
        $"""
        [global]
        fsid = {cluster}
        mon host = v1:127.0.0.1:{monitor}/0
        mon initial members = a
        public network = 127.0.0.0/8
        ms bind ipv6 = false
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
        osd objectstore = memstore
        memstore device bytes = 4294967296
        run dir = {folder}/run
        admin socket = {folder}/run/$name.asok
        pid file = {folder}/run/$name.pid
        log file = {folder}/$name.log
        mon data = {folder}/mon
        osd data = {folder}/osd
        rgw data = {folder}/rgw
        rgw frontends = beast endpoint=127.0.0.1:{web}
        rgw run sync thread = false
        """) + "\n";

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static async Task<bool> AnswersAsync(HttpClient http, string url)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(url));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException error)
        {
            process.Kill();
            throw new InvalidOperationException($"{program} took longer than a minute.", error);
        }

        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} failed with {process.ExitCode}: {await output} {await errors}");
    }
}

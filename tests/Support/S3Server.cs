using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using Saga.Host.Local;
using Saga.Host.Processes;

namespace Saga.Tests.Support;

/// <summary>
/// A real S3 server with versions, multipart uploads, policies and lifecycles: Ceph's gateway over one daemon that
/// keeps its objects in memory. Started on first use and stopped at the end of the process. SAGA_TEST_S3
/// (<c>http://access:secret@host:port</c>) names another server; tests that stop the server need their own.
/// </summary>
public sealed class S3Server
{
    /// <summary>The key of the server's key management for tests.</summary>
    public const string EncryptionKey = "saga-test-key";

    // Keys in the configuration, over plain HTTP.
    private static readonly string[] Encryption =
    [
        "rgw crypt require ssl = false", "rgw crypt s3 kms backend = testing",
        $"rgw crypt s3 kms encryption keys = {EncryptionKey}={Convert.ToBase64String("0123456789abcdef0123456789abcdef"u8)}",
    ];

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

    /// <summary>A bucket name that no other test uses. The bucket is not created.</summary>
    public static string NewBucket() =>
        string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}-{Interlocked.Increment(ref count)}-{Guid.NewGuid().ToString("n")[..8]}");

    /// <summary>Creates a bucket. The gateway refuses some concurrent creations, so the creation is retried.</summary>
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
                // Either it was refused, or it was created and the answer was lost. Creating it again is right in both cases.
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
            // Its own connections: the gateway reads the body of a refused upload as the beginning of the connection's next request.
            CacheHttpClient = false,
        });

    /// <summary>Kills the gateway, like a crash. Stored objects stay.</summary>
    public void Stop() => Gateway.Kill();

    /// <summary>Freezes the gateway: connections stay open, and nothing answers.</summary>
    public void Freeze() => Gateway.Freeze();

    /// <summary>Lets it continue.</summary>
    public void Thaw() => Gateway.Thaw();

    public async Task StartAsync()
    {
        Gateway.Start();
        using var http = new HttpClient { Timeout = WaitLimit.Seconds(2) };
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

        MachineSettings.KeepFromClients();
        var folder = Path.Combine(Path.GetTempPath(), $"saga-test-s3-{Environment.ProcessId}");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        var servers = new List<ServerProcess>();
        AtEnd.Do(() =>
        {
            servers.ForEach(s => s.Kill());
            Directory.Delete(folder, recursive: true);
        });
        foreach (var part in CephCluster.Folders)
            Directory.CreateDirectory(Path.Combine(folder, part));
        var cluster = new CephCluster(folder, Guid.NewGuid(), FreePorts.Next(), FreePorts.Next());
        cluster.Configure([.. CephCluster.InMemory, .. Encryption]);
        await CephCluster.RunAsync(cluster.MakeMap, default);
        await CephCluster.RunAsync(cluster.MakeMonitor, default);
        Begin(cluster.Monitor);
        await CephCluster.RunAsync(cluster.MakeDaemon, default);
        const string access = "sagatestaccess", secret = "sagatestsecret";
        await Begin(cluster.Daemon).KeepWhileAsync(CephCluster.RunAsync(cluster.MakeUser(access, secret), default));
        var shared = new S3Server(cluster.Url, access, secret, Server(cluster.Gateway));
        await shared.StartAsync();
        return shared;

        ServerProcess Begin(string[] command)
        {
            var server = Server(command);
            server.Start();
            return server;
        }

        ServerProcess Server(string[] command)
        {
            var server = new ServerProcess(command[0], command[1..]);
            servers.Add(server);
            return server;
        }
    }

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
}

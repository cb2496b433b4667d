using System.Globalization;
using System.Text.Json;
using Saga.Tests.Support.Containers;
using Saga.Tests.Support.Keycloak.OpenApi;

namespace Saga.Tests.Support.Keycloak.Real;

/// <summary>
/// One real Keycloak for all tests of a process, started on first use and stopped at its end; or the one in SAGA_TEST_KEYCLOAK_URL, with
/// SAGA_TEST_KEYCLOAK_ADMIN and SAGA_TEST_KEYCLOAK_PASSWORD (both <c>admin</c> by default). Where SAGA_TEST_SERVERS asks for containers,
/// it comes from an image. Otherwise the program that starts it is in SAGA_TEST_KEYCLOAK_START, or is <c>shared/servers/keycloak</c> in any parent folder. It takes a port and a folder for its data, runs
/// in the foreground, and needs Java. Each test uses its own realm.
/// </summary>
public sealed class RealKeycloak
{
    public const string UrlVariable = "SAGA_TEST_KEYCLOAK_URL";
    public const string StartVariable = "SAGA_TEST_KEYCLOAK_START";

    /// <summary>The first start unpacks the server.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);

    private static readonly Lazy<Task<RealKeycloak>> Shared = new(GetAsync);

    // Tokens of the realm master live for a minute.
    private static readonly TimeSpan TokenLife = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim gate = new(1);
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromMinutes(1) };
    private (string Value, DateTimeOffset Until)? token;

    private RealKeycloak(string url) => Url = url.TrimEnd('/');

    /// <summary>Without a slash at the end.</summary>
    public string Url { get; }

    /// <summary>Why tests of the real server are skipped; null when there is one.</summary>
    public static async Task<string?> MissingAsync() =>
        Missing(Variable(UrlVariable) is not null, Variable(UrlVariable) is null && await TestServers.AreContainersAsync(), Starter is not null, HasJava);

    internal static string? Missing(bool isNamed, bool areContainers, bool canStart, bool hasJava)
    {
        if (isNamed || areContainers)
            return null;
        if (!canStart)
        {
            return $"Skipped: no real Keycloak. {UrlVariable} names none, {TestServers.Variable} asks for no containers, and there is no program to start one: " +
                $"neither in {StartVariable} nor shared/servers/keycloak in a folder above the tests.";
        }

        return hasJava ? null : "Skipped: no real Keycloak. Starting one needs Java, and no 'java' is on the PATH (Debian: openjdk-17-jre-headless).";
    }

    private static string? Starter => Variable(StartVariable) ?? SharedFiles.Find("servers", "keycloak");

    private static bool HasJava =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(f => f.Length > 0 && File.Exists(Path.Combine(f, "java")));

    public static Task<RealKeycloak> SharedAsync() => Shared.Value;

    /// <summary>Runs one at a time, because a new realm changes the roles of the administrator in the realm master.</summary>
    internal async Task<T> AloneAsync<T>(Func<string, Task<T>> work)
    {
        await gate.WaitAsync();
        try
        {
            if (token is not { } known || known.Until < DateTimeOffset.UtcNow)
                token = (await TokenAsync(), DateTimeOffset.UtcNow + TokenLife);
            return await work(token.Value.Value);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>A new token. Tokens issued earlier do not have the roles for a realm that was created later.</summary>
    internal async Task<string> TokenAsync()
    {
        using var form = new FormUrlEncodedContent(
        [
            new("grant_type", "password"), new("client_id", "admin-cli"),
            new("username", Variable("SAGA_TEST_KEYCLOAK_ADMIN") ?? "admin"), new("password", Variable("SAGA_TEST_KEYCLOAK_PASSWORD") ?? "admin"),
        ]);
        using var answer = await http.PostAsync(new Uri($"{Url}/realms/master/protocol/openid-connect/token"), form);
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"Keycloak at {Url} gave the tests' administrator no token ({(int)answer.StatusCode}): {body}");
        using var grant = JsonDocument.Parse(body);
        return grant.RootElement.GetProperty("access_token").GetString()!;
    }

    private static async Task<RealKeycloak> GetAsync()
    {
        if (Variable(UrlVariable) is { } given)
            return new RealKeycloak(given);
        if (await TestServers.AreContainersAsync())
        {
            var contained = new RealKeycloak(await KeycloakContainer.StartAsync());
            await Until.TrueAsync(contained.AnswersAsync, $"Keycloak answers at {contained.Url}", StartLimit);
            return contained;
        }

        var folder = Directory.CreateTempSubdirectory("saga-test-keycloak-").FullName;
        var port = FreePorts.Next();
        // Deleted after the server has been killed: actions run in reverse order.
        AtEnd.Do(() => Directory.Delete(folder, recursive: true));
        var server = new ServerProcess(Starter!, port.ToString(CultureInfo.InvariantCulture), folder)
        {
            // It runs for minutes, in which better code does not repay the time of compiling it.
            Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["JAVA_OPTS_APPEND"] = "-XX:TieredStopAtLevel=1" },
        };
        server.Start();
        var keycloak = new RealKeycloak(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        await server.WaitAsync(keycloak.AnswersAsync, StartLimit);
        return keycloak;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"{Url}/realms/master"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } given ? given : null;
}

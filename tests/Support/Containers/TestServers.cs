namespace Saga.Tests.Support.Containers;

/// <summary>
/// Where the servers that all tests of a process share come from: SAGA_TEST_SERVERS is <c>local</c> (processes of this machine, the default),
/// <c>containers</c>, or <c>auto</c> (containers where a Docker engine answers, otherwise processes). A variable that names a server, such as
/// SAGA_TEST_POSTGRES, wins. Tests that stop or freeze their own server always use a process.
/// </summary>
internal static class TestServers
{
    public const string Variable = "SAGA_TEST_SERVERS";

    private static readonly Lazy<Task<bool>> Chosen = new(() => ChooseAsync(
        Environment.GetEnvironmentVariable(Variable), () => DockerEngine.WhyNoneAsync(Environment.GetEnvironmentVariable("DOCKER_HOST"))));

    /// <summary>Whether shared servers are containers.</summary>
    /// <exception cref="InvalidOperationException">The variable has another value, or asks for containers and no engine answers.</exception>
    public static Task<bool> AreContainersAsync() => Chosen.Value;

    internal static async Task<bool> ChooseAsync(string? value, Func<Task<string?>> whyNoEngine) => value switch
    {
        null or "" or "local" => false,
        "auto" => await whyNoEngine() is null,
        "containers" => await whyNoEngine() is { } reason
            ? throw new InvalidOperationException($"{Variable} is 'containers', and no Docker engine answers: {reason}. Start one, or set {Variable} to auto or local.")
            : true,
        _ => throw new InvalidOperationException($"{Variable} is '{value}'. It must be local, containers or auto."),
    };
}

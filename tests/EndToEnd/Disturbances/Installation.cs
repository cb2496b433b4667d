using Saga.Tests.Support;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>Two processes of each program. The first of each may be of the version before.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private static readonly string[] Programs = ["Saga.Workers", "Saga.Orchestrator", "Saga.Api", "Saga.Workers", "Saga.Orchestrator", "Saga.Api"];
    private readonly HttpClient http = new() { Timeout = WaitLimit.Seconds(5) };

    public Installation(IReadOnlyDictionary<string, string?> settings) => Members = [.. Programs.Select(program => new Member(program, settings))];

    /// <summary>The second process of each program has other settings.</summary>
    public Installation(IReadOnlyDictionary<string, string?> settings, IReadOnlyDictionary<string, string?> others) =>
        Members = [.. Programs.Select((program, i) => new Member(program, i < Programs.Length / 2 ? settings : others))];

    public Installation(IReadOnlyDictionary<string, string?> settings, FormerPrograms former) =>
        Members = [.. Programs.Select((program, i) => new Member(program, settings, i < Programs.Length / 2 ? former : null))];

    public IReadOnlyList<Member> Members { get; }

    public IReadOnlyList<Uri> Apis => [.. Members.Where(m => m.Program == "Saga.Api").Select(m => m.Address)];

    public Member First(string program) => Members.First(m => m.Program == program);

    public Task ReadyAsync() => Task.WhenAll(Members.Select(m => m.ReadyAsync(http)));

    /// <summary>Restarts one after the other, each when the one before is ready.</summary>
    public async Task RestartAsync()
    {
        foreach (var member in Members)
            await member.RestartAsync(http);
    }

    /// <summary>Replaces those of the version before by this version, one after the other.</summary>
    public async Task UpgradeAsync()
    {
        foreach (var member in Members.Where(m => m.IsFormer))
            await member.UpgradeAsync(http);
    }

    public Task StopAsync() => Task.WhenAll(Members.Select(m => m.StopAsync()));

    public ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            member.Dispose();
        http.Dispose();
        return ValueTask.CompletedTask;
    }
}

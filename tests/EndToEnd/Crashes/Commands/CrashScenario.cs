using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>A command in whose workflow a process is killed.</summary>
/// <param name="Workflow">The workflow, from which the boundaries are taken.</param>
/// <param name="PrepareAsync">Prepares one command, while a process runs.</param>
internal sealed record CrashScenario(WorkflowDefinition Workflow, Func<CrashSite, Task<PreparedCommand>> PrepareAsync)
{
    /// <summary>Names it among the scenarios of one kind.</summary>
    public string Name { get; init; } = Workflow.Kind;

    /// <summary>Prepares the site, before its first process runs.</summary>
    public Func<Site, Task> ConfigureAsync { get; init; } = _ => Task.CompletedTask;

    /// <summary>The site's database servers; the world's own when there are none.</summary>
    public Func<Task<SiteServer[]>> ServersAsync { get; init; } = () => Task.FromResult<SiteServer[]>([]);

    /// <summary>Whether everything of the tenants has the names that provisioning gives.</summary>
    public bool HasUsualNames { get; init; } = true;

    /// <summary>How many commits of the orchestrator there always are, because parallel results may share one.</summary>
    public int Commits { get; init; } = 2;

    /// <summary>Whether the commands exclude each other.</summary>
    public bool IsAlone { get; init; }

    /// <summary>A site on which the command can be prepared. No process runs yet.</summary>
    public async Task<CrashSite> NewSiteAsync()
    {
        var world = await World.SharedAsync();
        var site = new CrashSite(await world.NewSiteAsync(await ServersAsync()));
        await ConfigureAsync(site.Site);
        return site;
    }

    /// <summary>Prepares several commands, while a process runs.</summary>
    public async Task<IReadOnlyList<PreparedCommand>> PrepareAllAsync(CrashSite site, int count)
    {
        if (!IsAlone)
            return await Task.WhenAll(Enumerable.Range(0, count).Select(_ => PrepareAsync(site)));
        var prepared = new List<PreparedCommand>();
        while (prepared.Count < count)
            prepared.Add(await PrepareAsync(site));
        return prepared;
    }
}

/// <summary>A command that may be submitted.</summary>
/// <param name="Command">The command; null for one that is scheduled.</param>
/// <param name="CheckAsync">Throws unless everything is as after an undisturbed run.</param>
internal sealed record PreparedCommand(object? Command, Func<Task> CheckAsync)
{
    /// <summary>What changes before the command is submitted, while no process runs.</summary>
    public Func<Task> BeforeAsync { get; init; } = () => Task.CompletedTask;

    /// <summary>Throws unless everything is as it was before the command. A process runs.</summary>
    public Func<Task> UndoneAsync { get; init; } = () => Task.CompletedTask;

    /// <summary>The scheduled command, if it concerns no tenant.</summary>
    public Guid? Scheduled { get; init; }

    /// <summary>The tenant; null for a command that concerns none. It must be given for one that is scheduled for a tenant.</summary>
    public TenantId? Tenant { get; init; } = Command?.GetType().GetProperty("TenantId")?.GetValue(Command) switch
    {
        TenantId tenant => tenant,
        string text => new TenantId(Guid.Parse(text)),
        _ => null,
    };
}

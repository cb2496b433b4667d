using Microsoft.Extensions.Configuration;
using Saga.Workers.Database.Preparation;

namespace Saga.Host.Commands;

/// <summary>
/// A task that the Host carries out instead of serving, such as <c>Saga.Host check identity</c>. It gets the Host's whole configuration.
/// </summary>
/// <param name="Words">What the arguments begin with.</param>
/// <param name="Purpose">For people: continues "which".</param>
/// <param name="NeedsServers">Whether the private servers of the modes embedded and local must be running.</param>
/// <param name="RunAsync">Returns the exit code.</param>
internal sealed record HostCommand(string Words, string Purpose, bool NeedsServers, Func<IConfiguration, CancellationToken, Task<int>> RunAsync)
{
    /// <summary>The program's file name, as people type it.</summary>
    public const string Program = "Saga.Host";

    /// <summary>The command ran, and what it found needs attention.</summary>
    public const int FoundFaults = 1;

    public static IReadOnlyList<HostCommand> All { get; } =
    [
        new("check identity", "says what the identity provider's realm and rights lack", NeedsServers: false, IdentityCommands.CheckAsync),
        new("prepare-server", "prepares database servers once, as a superuser, so that workers need none; --print prints the statements instead", NeedsServers: false, PrepareCommand.RunAsync)
        {
            Switches = new Dictionary<string, string>(StringComparer.Ordinal) { ["--print"] = $"{PrepareOptions.Section}:{nameof(PrepareOptions.Print)}" },
        },
        new("check product", "checks the files of Saga:Product:Migrations and runs them in a scratch database", NeedsServers: true, ProductCommands.CheckAsync),
        new("check audit", "verifies the audit log: that no line was changed or removed, and up to when that is proved", NeedsServers: true, AuditCommands.CheckAsync),
        new("migrate registry", "migrates the registry to this version, as its owner, where the programs have logins without that right", NeedsServers: true, RegistryCommands.MigrateAsync),
        new("restore registry", "restores the registry from a backup into an empty database; without --Saga:RestoreRegistry:Backup=<id or newest> it lists the backups", NeedsServers: true, RegistryCommands.RestoreAsync),
        new("repair administrators", "replaces the former role tenant-admin by the organisations' groups", NeedsServers: true, IdentityCommands.RepairAsync),
    ];

    /// <summary>Arguments without a value, and the settings that they set to true.</summary>
    public IReadOnlyDictionary<string, string> Switches { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The arguments with every switch replaced by its setting.</summary>
    public string[] Expand(IEnumerable<string> arguments) => [.. arguments.Select(a => Switches.TryGetValue(a, out var setting) ? $"--{setting}=true" : a)];

    /// <summary>The command that the arguments begin with; null when they begin with a setting or there are none.</summary>
    /// <exception cref="Startup.StartException">There is no such command.</exception>
    public static HostCommand? Find(IReadOnlyList<string> arguments)
    {
        var words = string.Join(' ', arguments.TakeWhile(a => a.Length > 0 && a[0] is not ('-' or '/') && !a.Contains('=', StringComparison.Ordinal)));
        return words.Length == 0
            ? null
            : All.FirstOrDefault(c => c.Words == words)
                ?? throw new Startup.StartException($"There is no command '{words}'. The commands are {string.Join("; ", All.Select(c => $"'{c.Words}', which {c.Purpose}"))}.");
    }
}

using System.Globalization;

namespace Saga.Registry.Connections;

/// <summary>The connections that all processes together may open to one PostgreSQL server.</summary>
/// <param name="Servers">The configuration sections with connection strings of this server.</param>
/// <param name="Processes">How many processes may connect.</param>
/// <param name="Connections">The sum of their budgets.</param>
/// <param name="Identity">The server's identity; null while no process knows it.</param>
public sealed record ServerTotal(IReadOnlyList<string> Servers, int Processes, int Connections, ServerIdentity? Identity)
{
    /// <summary>Whether the budgets together exceed what the server allows.</summary>
    public bool IsTooMuch => Identity is { } server && Connections > server.MaxConnections - server.Reserved;

    /// <summary>Adds up the budgets of all processes by server. Names of the same server count together.</summary>
    public static IReadOnlyList<ServerTotal> Of(IReadOnlyList<(Guid Process, ServerUse Use)> uses)
    {
        // A process that cannot ask the server is taken to mean the one that other processes know by this name.
        var named = uses.Where(u => u.Use.Identity is not null).GroupBy(u => u.Use.Server, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(u => u.Use.Identity!.Id).Order(StringComparer.Ordinal).First(), StringComparer.Ordinal);
        return
        [
            .. uses.GroupBy(u => u.Use.Identity?.Id ?? named.GetValueOrDefault(u.Use.Server) ?? u.Use.Server, StringComparer.Ordinal).Select(same => new ServerTotal(
                [.. same.Select(u => u.Use.Server).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
                same.Select(u => u.Process).Distinct().Count(),
                same.Sum(u => u.Use.Connections),
                same.Select(u => u.Use.Identity).FirstOrDefault(i => i is not null))).OrderBy(t => t.Servers[0], StringComparer.Ordinal),
        ];
    }

    /// <summary>Tells an operator what is wrong and what to change.</summary>
    public string Describe() => Identity is not { } server
        ? string.Create(CultureInfo.InvariantCulture, $"How many connections the PostgreSQL server of {And(Servers)} allows is unknown.")
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{(Processes == 1 ? "1 process" : Processes + " processes")} may open {Connections} connections to the PostgreSQL server of {And(Servers)}, which allows {server.MaxConnections - server.Reserved} (max_connections = {server.MaxConnections}, {server.Reserved} of them reserved). Set its max_connections to {Connections + server.Reserved} or more, lower {And([.. Servers.Select(Key).Distinct(StringComparer.Ordinal)], "or")}, or run fewer processes.");

    private static string Key(string server) =>
        server.StartsWith("Saga:Databases:", StringComparison.Ordinal) ? "Saga:Databases:MaxConnectionsPerServer" : server + ":MaxConnections";

    private static string And(IReadOnlyList<string> words, string and = "and") =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} {and} {words[^1]}";
}

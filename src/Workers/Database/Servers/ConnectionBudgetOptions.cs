using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Database.Servers;

/// <summary>How many connections this process opens to a database server. Section <c>Saga:Databases</c>.</summary>
public sealed class ConnectionBudgetOptions
{
    public const string Section = "Saga:Databases";

    /// <summary>
    /// The most connections to one server, in use or idle, across all its databases and logins. A step needs up to three at once, so
    /// with fewer than four, steps would only be deferred.
    /// </summary>
    [Range(4, 10_000, ErrorMessage = "Saga:Databases:MaxConnectionsPerServer must be from 4 to 10000.")]
    public int MaxConnectionsPerServer { get; set; } = 16;
}

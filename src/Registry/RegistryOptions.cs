using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace Saga.Registry;

/// <summary>The connection to the control-plane database. Section <c>Saga:Registry</c>.</summary>
public sealed class RegistryOptions : IValidatableObject
{
    public const string Section = "Saga:Registry";
    public const string DefaultRuntimeRole = "saga_runtime";
    public const string DefaultRolePrefix = "saga";
    public const int DefaultMaxConnections = 10;

    /// <summary>An Npgsql connection string.</summary>
    [Required(ErrorMessage = "Saga:Registry:ConnectionString must be an Npgsql connection string to the control-plane database.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// The role that may read the views for product services. Roles belong to the whole cluster, so two installations in one cluster need
    /// different names. Otherwise the products of one can read the other's views.
    /// </summary>
    [RegularExpression("[a-z_][a-z0-9_]{0,62}", ErrorMessage = "Saga:Registry:RuntimeRole must be a role's name of a-z, 0-9 and '_', at most 63 characters.")]
    public string RuntimeRole { get; set; } = DefaultRuntimeRole;

    /// <summary>
    /// The roles of the programs in the registry are named after it: <c>saga_api</c>, <c>saga_orchestrator</c>, <c>saga_workers</c>. Two
    /// installations in one cluster need different ones. Otherwise the programs of one can use the other's registry.
    /// </summary>
    [RegularExpression("[a-z_][a-z0-9_]{0,47}", ErrorMessage = "Saga:Registry:RolePrefix must be a-z, 0-9 and '_', at most 48 characters.")]
    public string RolePrefix { get; set; } = DefaultRolePrefix;

    /// <summary>
    /// The most connections of this process to the registry, in use or idle. A <c>Maximum Pool Size</c> in the connection string
    /// overrides it. Loops pin some of them, so a program needs at least eight.
    /// </summary>
    [Range(8, 10_000, ErrorMessage = "Saga:Registry:MaxConnections must be from 8 to 10000.")]
    public int MaxConnections { get; set; } = DefaultMaxConnections;

    /// <summary>How long a transaction may stay open without a statement before the server ends it, 5 to 600. Transactions under a lease are shorter.</summary>
    [Range(5, 600, ErrorMessage = "Saga:Registry:IdleInTransactionSeconds must be from 5 to 600.")]
    public int IdleInTransactionSeconds { get; set; } = 30;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var host = "";
        try
        {
            host = new NpgsqlConnectionStringBuilder(ConnectionString).Host;
        }
        catch (ArgumentException)
        {
            // The value is not repeated in the message, because it may contain a password.
        }

        return host is { Length: > 0 } ? [] : [new("Saga:Registry:ConnectionString must be an Npgsql connection string with a host, such as Host=db;Database=saga;Username=saga.")];
    }
}

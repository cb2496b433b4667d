using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace Saga.Tenancy.Runtime;

/// <summary>Where a runtime reads the registry. Section <c>Saga:Runtime:Registry</c>.</summary>
public sealed class RuntimeRegistryOptions : IValidatableObject
{
    public const string Section = "Saga:Runtime:Registry";
    public const int DefaultMaxConnections = 10;

    /// <summary>An Npgsql connection string to the control-plane database, with a login that is a member of the runtimes' role.</summary>
    [Required(ErrorMessage = "Saga:Runtime:Registry:ConnectionString must be an Npgsql connection string to the control-plane database, of a login with the role saga_runtime.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>The most connections of this process at once.</summary>
    [Range(1, 1000, ErrorMessage = "Saga:Runtime:Registry:MaxConnections must be 1 to 1000.")]
    public int MaxConnections { get; set; } = DefaultMaxConnections;

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

        return host is { Length: > 0 } ? [] : [new("Saga:Runtime:Registry:ConnectionString must be an Npgsql connection string with a host, such as Host=db;Database=saga;Username=product.")];
    }
}

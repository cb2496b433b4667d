using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace Saga.Registry;

/// <summary>Where the control-plane database is. Section <c>Saga:Registry</c>.</summary>
public sealed class RegistryOptions : IValidatableObject
{
    public const string Section = "Saga:Registry";

    /// <summary>An Npgsql connection string.</summary>
    [Required(ErrorMessage = "Saga:Registry:ConnectionString must be an Npgsql connection string to the control-plane database.")]
    public string ConnectionString { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var host = "";
        try
        {
            host = new NpgsqlConnectionStringBuilder(ConnectionString).Host;
        }
        catch (ArgumentException)
        {
            // Not repeated: it may hold a password.
        }

        return host is { Length: > 0 } ? [] : [new("Saga:Registry:ConnectionString must be an Npgsql connection string with a host, such as Host=db;Database=saga;Username=saga.")];
    }
}

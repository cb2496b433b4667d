using System.ComponentModel.DataAnnotations;

namespace Saga.Registry;

/// <summary>Where the control-plane database is. Section <c>Saga:Registry</c>.</summary>
public sealed class RegistryOptions
{
    public const string Section = "Saga:Registry";

    /// <summary>An Npgsql connection string.</summary>
    [Required(ErrorMessage = "Saga:Registry:ConnectionString must be an Npgsql connection string to the control-plane database.")]
    public string ConnectionString { get; set; } = "";
}

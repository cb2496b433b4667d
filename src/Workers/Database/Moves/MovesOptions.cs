using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Database.Moves;

/// <summary>Moves of tenants' rows. Section <c>Saga:Moves</c>.</summary>
public sealed class MovesOptions
{
    public const string Section = "Saga:Moves";

    /// <summary>How many hours the former copy of moved rows is kept.</summary>
    [Range(0, 8760, ErrorMessage = "Saga:Moves:KeepHours must be from 0 to 8760.")]
    public int KeepHours { get; set; } = 24;
}

using System.ComponentModel.DataAnnotations;
using Saga.Registry.Backups;

namespace Saga.Lifecycle.Backup.Retention;

/// <summary>How long backups are kept. Section <c>Saga:Backups:Retention</c>. A tenant's own rule comes before its plan's, and that before the usual one.</summary>
public sealed class BackupRetentionOptions
{
    public const string Section = "Saga:Backups:Retention";

    public const int Most = 3650;

    /// <summary>How many of the newest are kept whatever their age. With 0 even the last one expires.</summary>
    [Range(0, Most, ErrorMessage = "Saga:Backups:Retention:Last must be 0 to 3650.")]
    public int Last { get; set; } = 1;

    /// <summary>For how many days the newest scheduled backup of each day is kept.</summary>
    [Range(0, Most, ErrorMessage = "Saga:Backups:Retention:Daily must be 0 to 3650.")]
    public int Daily { get; set; } = 30;

    /// <summary>For how many weeks the newest scheduled backup of each week is kept.</summary>
    [Range(0, Most, ErrorMessage = "Saga:Backups:Retention:Weekly must be 0 to 3650.")]
    public int Weekly { get; set; }

    /// <summary>For how many days a backup is kept that somebody asked for.</summary>
    [Range(0, Most, ErrorMessage = "Saga:Backups:Retention:Days must be 0 to 3650.")]
    public int Days { get; set; } = 30;

    /// <summary>Rules of plans, by the plan's name.</summary>
    public IDictionary<string, PlanRetentionOptions> Plans { get; } = new Dictionary<string, PlanRetentionOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The whole rule for a tenant.</summary>
    public RetentionRule RuleOf(string plan, KeepRule own)
    {
        var rule = Plans.TryGetValue(plan, out var found) ? found : new();
        return new(own.Last ?? rule.Last ?? Last, own.Daily ?? rule.Daily ?? Daily, own.Weekly ?? rule.Weekly ?? Weekly, own.Days ?? rule.Days ?? Days);
    }
}

/// <summary>What differs for one plan; null for what does not.</summary>
public sealed class PlanRetentionOptions
{
    public int? Last { get; set; }

    public int? Daily { get; set; }

    public int? Weekly { get; set; }

    public int? Days { get; set; }
}

using Saga.Workers.Database.Product;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Product;

public sealed class When_a_product_declares_its_exports
{
    [Theory]
    [InlineData("users", "users", "id")]
    [InlineData("settings", "settings", null)]
    [InlineData("tenants", "settings", null)]
    [InlineData("audit_log", "audit_logs", null)]
    [InlineData("invoices", "documents", null)]
    public void Should_go_by_names_without_a_file(string table, string type, string? userColumn)
    {
        var export = new ProductExport();

        export.TypeOf(table).ShouldBe(type);
        export.UserColumnOf(table, ["tenant_id", "id"]).ShouldBe(userColumn);
        export.UserColumnOf(table, ["id", "author_id", "user_id"]).ShouldBe("user_id");
        export.ObjectsOf("u1").ShouldBe("users/u1/");
    }

    [Fact]
    public void Should_go_by_the_file_of_a_folder()
    {
        var folder = Directory.CreateTempSubdirectory("saga-product-").FullName;
        File.WriteAllText(Path.Combine(folder, "0001_a.sql"), "create table a (tenant_id uuid not null primary key);");
        File.WriteAllText(Path.Combine(folder, "export.json"), """{"tables":{"a":{"dataType":"users","userColumn":"account"},"users":{"dataType":"none"}},"userObjects":"p/{userId}/"}""");

        var (files, faults) = ProductFolder.Read(folder);

        faults.ShouldBeEmpty();
        (files.Migrations.All.Count, files.Export.TypeOf("a"), files.Export.UserColumnOf("a", ["user_id"]), files.Export.TypeOf("users"), files.Export.ObjectsOf("u1"))
            .ShouldBe((1, "users", "account", "none", "p/u1/"));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("{", "must be like the example")]
    [InlineData("null", "must have an object")]
    [InlineData("""{"table":{}}""", "must be like the example")]
    [InlineData("""{"tables":{"a":{"dataType":"media"}}}""", "dataType of a must be one of")]
    [InlineData("""{"userObjects":"people/"}""", "userObjects must have {userId}")]
    [InlineData("""{"userObjects":"people/{userId}"}""", "end in '/'")]
    public void Should_say_what_is_wrong(string text, string fault)
    {
        var faults = new List<ProductFault>();

        ProductExport.Read(text, faults);

        faults.ShouldHaveSingleItem().ToString().ShouldContain(fault);
        faults[0].File.ShouldBe("export.json");
    }
}

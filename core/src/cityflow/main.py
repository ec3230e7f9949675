"""The command `cityflow`: what holds for all services, and looking after their store."""

from cityflow.commands.doctor import doctor
from cityflow.commands.keep import backup, export, import_, restore
from cityflow.commands.migrate import migrate
from cityflow.commands.prune import prune
from cityflow.commands.rebuild import rebuild
from cityflow.console import App

app = App(help="CityFlow: what holds for all its services, and looking after their store.")
app.command()(doctor)
app.command()(migrate)
app.command()(export)
app.command("import")(import_)
app.command()(backup)
app.command()(restore)
app.command()(rebuild)
app.command()(prune)

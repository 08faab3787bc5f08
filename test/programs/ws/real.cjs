globalThis.programsUse = 'real-ws'

module.exports = require('real-ws')
